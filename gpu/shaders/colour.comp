// Twin of cpu_fallback/colour.go, and so of chroma.Forward and chroma.Pad: one
// thread converts 4×2 pixels, among them the padding, which repeats edge samples.

layout(local_size_x = GROUP_X, local_size_y = GROUP_Y) in;

layout(std430, binding = SOURCE_BINDING) restrict readonly buffer Source {
	uint source[];
};
// Pairs of samples, the left one in the low half.
layout(std430, binding = PLANE_BINDING) restrict writeonly buffer Plane {
	uint pairs[];
} plane[CHANNELS];
layout(location = SIZE_LOCATION) uniform ivec2 size;    // in pixels
layout(location = STRIDES_LOCATION) uniform uvec2 strides;   // bytes from pixel to pixel and from row to row
layout(location = FULL_LOCATION) uniform ivec2 full;    // a plane at full resolution with its padding
layout(location = HALF_LOCATION) uniform ivec2 reduced; // a plane at half the resolution with its padding

// The four bytes at any offset, the first one lowest.
uint bytes(uint at)
{
	uint shift = (at & 3u) * 8u;
	return source[at >> 2] >> shift | source[(at >> 2) + 1u] << 1 << (31u - shift);
}

ivec4 pixel(int x, int y)
{
	uint at = uint(y) * strides.y + uint(x) * strides.x;
	uint w = bytes(at);
#if DEPTH == 8
	return ivec4(w & 0xffu, w >> 8 & 0xffu, w >> 16 & 0xffu, w >> 24);
#else
	uint v = CHANNELS > 2 ? bytes(at + 4u) : 0u;
	uvec4 high = uvec4(w, w >> 16, v, v >> 16) & 0xffu;
	uvec4 low = uvec4(w >> 8, w >> 24, v >> 8, v >> 24) & 0xffu;
	return ivec4(high << 8 | low);
#endif
}

// One channel in plane units.
int scaled(int v)
{
#if DEPTH == 8
	return v << FRAC_BITS;
#else
	return ((v << FRAC_BITS) + 128) / 257;
#endif
}

// The weighted sum over 2^shift pixels, rounded half up to plane units above centre.
int weighted(ivec3 c, ivec3 weights, int centre, int shift)
{
	const int half_unit = 1 << 11;
#if DEPTH == 8
	int sum = c.r * weights.r + c.g * weights.g + c.b * weights.b;
	return (sum + ((centre << 12) + half_unit << shift)) >> 12 + shift;
#else
	// In two parts, of the high bytes and of the low ones: the sum has 36 bits, of
	// which the last eight do not reach the result.
	ivec3 h = c >> 8, l = c & 0xff;
	int high = h.r * weights.r + h.g * weights.g + h.b * weights.b;
	int low = l.r * weights.r + l.g * weights.g + l.b * weights.b;
	int bias = ((centre << 12) + half_unit >> 8) * 257 << shift;
	return (high + bias + (low >> 8) >> 4 + shift) / 257;
#endif
}

void put(int channel, ivec2 bounds, int x, int y, int left, int right)
{
	if (x < bounds.x && y < bounds.y) plane[channel].pairs[(y * bounds.x + x) >> 1] = uint(left | right << 16);
}

void put2(int channel, int x, int y, ivec4 v)
{
	put(channel, full, x, y, v[0], v[1]);
	put(channel, full, x, y + 1, v[2], v[3]);
}

ivec4 weighted4(ivec4 quad[4], ivec3 weights, int centre)
{
	ivec4 v;
	for (int i = 0; i < 4; i++) v[i] = weighted(quad[i].rgb, weights, centre, 0);
	return v;
}

ivec4 scaled4(ivec4 quad[4], int channel)
{
	ivec4 v;
	for (int i = 0; i < 4; i++) v[i] = scaled(quad[i][channel]);
	return v;
}

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy) * ivec2(4, 2);
	if (any(greaterThanEqual(at, max(full, 2 * reduced)))) return;
	ivec2 half_pair[2]; // Cb and Cr of two quads
	for (int i = 0; i < 2; i++) {
		int x = at.x + 2 * i, y = at.y;
		// The quad whose sum is the chroma sample: the last one repeats.
		ivec2 p = min(ivec2(x, y), (size - 1) & ~1), q = min(p + 1, size - 1);
		ivec4 quad[4] = ivec4[4](pixel(p.x, p.y), pixel(q.x, p.y), pixel(p.x, q.y), pixel(q.x, q.y));
#if SUB420
		ivec3 sum = quad[0].rgb + quad[1].rgb + quad[2].rgb + quad[3].rgb;
		half_pair[i] = ivec2(weighted(sum, CB_WEIGHTS, CENTRE, 2), weighted(sum, CR_WEIGHTS, CENTRE, 2));
#endif
		// At full resolution it is the last pixel that repeats.
		if (x > p.x) quad[0] = quad[1], quad[2] = quad[3];
		if (y > p.y) quad[0] = quad[2], quad[1] = quad[3];
#if CHANNELS < 3
		put2(0, x, y, scaled4(quad, 0));
#else
		put2(0, x, y, weighted4(quad, Y_WEIGHTS, 0));
#if !SUB420
		put2(1, x, y, weighted4(quad, CB_WEIGHTS, CENTRE));
		put2(2, x, y, weighted4(quad, CR_WEIGHTS, CENTRE));
#endif
#endif
#if CHANNELS % 2 == 0
		put2(CHANNELS - 1, x, y, scaled4(quad, CHANNELS - 1));
#endif
	}
#if SUB420
	put(1, reduced, at.x / 2, at.y / 2, half_pair[0].x, half_pair[1].x);
	put(2, reduced, at.x / 2, at.y / 2, half_pair[0].y, half_pair[1].y);
#endif
}
