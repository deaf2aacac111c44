// Twin of baseRow in cpu_fallback/reduce.go: one thread reduces the samples under
// one node of the lowest level.
#include "nodes.glsl"

layout(local_size_x = GROUP_X, local_size_y = GROUP_Y) in;

// Rows of eight samples a vector, the first in the low half of x.
layout(std430, binding = PLANE_BINDING) restrict readonly buffer Plane {
	uvec4 plane[];
};
layout(location = SIZE_LOCATION) uniform ivec2 size;    // in samples
layout(location = STRIDE_LOCATION) uniform int stride;  // in vectors
layout(location = NODES_LOCATION) uniform ivec2 grid;   // of nodes

uint sum, squaresLow, squaresHigh; // a square is low + 2^16·high: 64 of them fit each word
uint least, most;

void add(uint v, bool inside)
{
	uint square = v * v;
	if (!inside) return;
	sum += v;
	squaresLow += square & 0xffffu;
	squaresHigh += square >> 16;
	least = min(least, v);
	most = max(most, v);
}

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (any(greaterThanEqual(at, grid))) return;
	ivec2 n = min(ivec2(SIDE), size - at * SIDE);
	sum = squaresLow = squaresHigh = most = 0u;
	least = 0xffffu;
	for (int y = 0; y < n.y; y++) {
		uvec4 row = plane[(at.y * SIDE + y) * stride + at.x];
		for (int i = 0; i < 4; i++) {
			add(row[i] & 0xffffu, WHOLE || 2 * i < n.x);
			add(row[i] >> 16, WHOLE || 2 * i + 1 < n.x);
		}
	}
	uvec2 sumSq = add64(uvec2(squaresLow, 0u), uvec2(squaresHigh << 16, squaresHigh >> 16));
	store(uint(at.y * grid.x + at.x), Node(uvec2(sum, 0u), sumSq, least, most));
}
