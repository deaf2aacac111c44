// The stage quantise: one thread makes the Record of one leaf (tree/coder.go; kernel.Quantise in
// internal/engine/transform/model.go). Records lie in any order: heads say where.
#define WRITES
#include "quantiser.glsl"

layout(local_size_x = LINEAR) in;

layout(std430, binding = OUT_BINDING) restrict buffer Out {
	uint used;     // words of records; of those beyond room there is nothing
	uint room;
	uvec2 heads[]; // of each leaf: first word of its record, number of words
};
layout(std430, binding = RECORDS_BINDING) restrict writeonly buffer Records {
	uint records[];
};

void put(uint at, uint coef, int level) { records[at] = coef | uint(level) << 16; }

// The variants of a leaf.
const int MOST = LAST_CLASSES + 1;
int lasts[MOST];
uvec2 errors[MOST];
uint levels[MOST];

// means writes the exact means of the cells.
void means(uint at, uint k)
{
	int mid[CELLS * CELLS];
	for (int a = 0; a < CELLS; a++) {
		for (int j = 0; j < CELLS; j++) {
			int s = 0;
			for (int i = 0; i < CELLS; i++) s += model.means[a * CELLS + i] * coefs[coef(i, j, k)];
			mid[a * CELLS + j] = s;
		}
	}
	for (int a = 0; a < CELLS; a++) {
		for (int b = 0; b < CELLS; b++) {
			uvec2 s = uvec2(1u << 23, 0u);
			for (int j = 0; j < CELLS; j++) s = add64(s, product(model.means[b * CELLS + j], mid[a * CELLS + j]));
			records[at + uint(a * CELLS + b)] = s.x >> 24 | s.y << 8;
		}
	}
}

void main()
{
	uint k = gl_GlobalInvocationID.x;
	if (k >= count) return;
	Analysis a = analyse(k);
	int n = 0;
	uint head = 0u;
	bool doubtful = false;
	const Quantised nothing = Quantised(0, uvec2(0u), uvec2(0u), 0u, (1u << LAST_CLASSES) - 1u);
	Quantised found[LAST_CLASSES];
	for (uint todo = nothing.alike; todo != 0u;) {
		int by = findLSB(todo);
		Quantised q = nothing;
		if (a.top > 0) q = quantise(k, DECIDE, group(a.top), by, 0u, false);
		for (int i = 0; i < LAST_CLASSES; i++) if (((q.alike & todo) >> i & 1u) != 0u) found[i] = q;
		todo &= ~q.alike;
	}
	for (int by = 0; by < LAST_CLASSES; by++) {
		Quantised q = found[by];
		if (less(wide(model.last[by * TOKENS]), moreThanZeros(q, by))) q = nothing;
		int i = 0;
		while (i < n && lasts[i] != q.last) i++;
		head |= uint(i) << (4 * by);
		if (i < n) continue;
		lasts[n] = q.last;
		errors[n] = sub64(a.energy, q.gained);
		levels[n] = q.levels;
		doubtful = doubtful || less(model.doubt, errors[n]);
		n++;
	}
	uint plain = uint(NO_VARIANT);
	if (doubtful) {
		plain = uint(n);
		int from = a.topPlain > 0 ? group(a.topPlain) : 0;
		Quantised q = quantise(k, ROUND, from, 0, 0u, false);
		lasts[n] = from;
		errors[n] = sub64(a.energy, q.gained);
		levels[n] = q.levels;
		n++;
	}
	uint words = 1u + uint(CELLS * CELLS) + uint(n * VARIANT_HEAD);
	for (int i = 0; i < n; i++) words += levels[i];
	uint at = atomicAdd(used, words);
	heads[k] = uvec2(at, words);
	if (at + words > room) return;
	records[at] = head | plain << (4 * LAST_CLASSES) | uint(n) << (4 * LAST_CLASSES + 4);
	means(at + 1u, k);
	at += 1u + uint(CELLS * CELLS);
	for (int i = 0; i < n; i++) {
		records[at] = uint(lasts[i]) | levels[i] << 8;
		records[at + 1u] = errors[i].x;
		records[at + 2u] = errors[i].y;
		at += uint(VARIANT_HEAD);
		if (levels[i] > 0u) quantise(k, uint(i) == plain ? ROUND : REPEAT, lasts[i], 0, at, true);
		at += levels[i];
	}
}
