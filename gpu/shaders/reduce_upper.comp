// Twin of upperRow in cpu_fallback/reduce.go: one thread reduces the up to four
// children of one node.
#include "nodes.glsl"

layout(local_size_x = GROUP_X, local_size_y = GROUP_Y) in;

layout(location = NODES_LOCATION) uniform ivec2 grid;     // of this level's nodes
layout(location = CHILDREN_LOCATION) uniform ivec2 below; // of the level below
layout(location = OFFSET_LOCATION) uniform uvec2 first;   // node of this level, of the level below

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	if (any(greaterThanEqual(at, grid))) return;
	Node n = Node(uvec2(0u), uvec2(0u), 0xffffu, 0u);
	for (int i = 0; i < 4; i++) {
		ivec2 child = 2 * at + ivec2(i & 1, i >> 1);
		if (any(greaterThanEqual(child, below))) continue;
		Node c = load(first.y + uint(child.y * below.x + child.x));
		n = Node(add64(n.sum, c.sum), add64(n.sumSq, c.sumSq), min(n.least, c.least), max(n.most, c.most));
	}
	store(first.x + uint(at.y * grid.x + at.x), n);
}
