#include "wide.glsl"

// The statistics of all nodes of a pyramid, in one buffer: the pairs of words of
// all sums (low word first), of all sums of squares, then the minima (low half)
// and maxima (high half).
layout(std430, binding = NODES_BINDING) restrict buffer Nodes {
	uint nodes[];
};
layout(location = TOTAL_LOCATION) uniform uint total; // nodes of all levels

struct Node {
	uvec2 sum, sumSq;
	uint least, most;
};

Node load(uint i)
{
	uint sq = 2u * (total + i), extremes = nodes[4u * total + i];
	return Node(uvec2(nodes[2u * i], nodes[2u * i + 1u]), uvec2(nodes[sq], nodes[sq + 1u]),
		extremes & 0xffffu, extremes >> 16);
}

void store(uint i, Node n)
{
	uint sq = 2u * (total + i);
	nodes[2u * i] = n.sum.x;
	nodes[2u * i + 1u] = n.sum.y;
	nodes[sq] = n.sumSq.x;
	nodes[sq + 1u] = n.sumSq.y;
	nodes[4u * total + i] = n.least | n.most << 16;
}
