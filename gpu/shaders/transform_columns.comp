// The first pass of the stage transform (FORMAT.md, "Inverse transform"; the Go of it is
// transformer.forward): one thread transforms two columns of one node, and leaves them where
// transform_rows.comp takes them up.
#include "works.glsl"
#include "fold.glsl"

layout(local_size_x = LINEAR) in;

// Pairs of samples, the left one in the low half.
layout(std430, binding = PLANE_BINDING) restrict readonly buffer Plane {
	uint pairs[];
};
layout(location = STRIDE_LOCATION) uniform uint stride; // in pairs
layout(location = ACROSS_LOCATION) uniform uint across; // nodes in a row

void column(int x, int samples[N], uint k)
{
	int sums[N];
	fold(sums, samples);
	int shift = LG + model.shift1, round = 1 << (shift - 1);
	for (int v = 0; v < N; v++) coefs[coef(x, v, k)] = sums[v] + round >> shift;
}

void main()
{
	uint k = gl_GlobalInvocationID.x, pair = gl_GlobalInvocationID.y;
	if (k >= count) return;
	uint number = numbers[k];
	uint at = number / across * uint(N) * stride + number % across * uint(N / 2) + pair;
	int left[N], right[N];
	for (int y = 0; y < N; y++) {
		uint p = pairs[at + uint(y) * stride];
		left[y] = int(p & 0xffffu) - CENTRE;
		right[y] = int(p >> 16) - CENTRE;
	}
	column(2 * int(pair), left, k);
	column(2 * int(pair) + 1, right, k);
}
