// The second pass of the stage transform, in place: one thread makes the coefficients of one vertical
// frequency of one node.
#include "works.glsl"
#include "fold.glsl"

layout(local_size_x = LINEAR) in;

void main()
{
	uint k = gl_GlobalInvocationID.x;
	int v = int(gl_GlobalInvocationID.y);
	if (k >= count) return;
	int row[N];
	for (int x = 0; x < N; x++) row[x] = coefs[coef(x, v, k)];
	int sums[N];
	fold(sums, row);
	int shift = model.shift2, round = 1 << (shift - 1);
	for (int u = 0; u < N; u++) coefs[coef(u, v, k)] = sums[u] + round >> shift;
}
