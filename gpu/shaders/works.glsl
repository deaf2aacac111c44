// What the stages below the pyramid have of a Work (tree/coder.go), for leaves of N samples a side:
// some of its nodes, as many as count; their coefficients, of all nodes one after the other, so that
// neighbouring threads read neighbouring words; and the tables of its Model.

#define N (1 << LG)
#define CELLS (N / SIDE)

layout(std430, binding = NUMBERS_BINDING) restrict readonly buffer Numbers {
	uint numbers[];
};
layout(std430, binding = COEFS_BINDING) restrict buffer Coefs {
	int coefs[]; // [u][v][node]
};
layout(std430, binding = MODEL_BINDING) restrict readonly buffer Model {
	int step, reciprocal, least, bit, escape, cap, typical, shift1, shift2;
	int parts;
	uvec2 doubt;
	int last[LAST_CLASSES * TOKENS];
	int prices[FREQUENCY_CLASSES * MAGNITUDE_CLASSES * TOKENS];
	int magnitude[LARGEST_SUM + 1];
	int zeros[FREQUENCY_CLASSES * (LARGEST_SUM + 1)]; // prices of 0 by the sum of magnitudes
	int diagonal[DIAGONALS]; // group, and the class of its frequency from bit 8 on
	int means[CELLS * CELLS];
	int spread, each, once; // of forecasts
	int fine[FORECAST_PARTS], whole[FORECAST_PARTS];
	int through[DIAGONALS];
	int logs[N * N + 1];
} model;
layout(location = COUNT_LOCATION) uniform uint count;

// coef is where the coefficient of frequencies u and v of node k lies.
uint coef(int u, int v, uint k) { return uint(u * N + v) * count + k; }
