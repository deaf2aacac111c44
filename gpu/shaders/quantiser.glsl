// The quantiser of the transform engine (internal/engine/transform/quantise.go), one thread a leaf:
// from its highest diagonal down, by rates, and where it is cheaper to end the leaf at a lower group.
// In the place of J of what is coded and J of zeros there is their difference, and in the place of
// distortions how much they are less than with 0.
#include "wide.glsl"
#include "works.glsl"

// Analysis is analyse, and topOf for plain rounding.
struct Analysis {
	uvec2 energy;
	int top, topPlain;
};

// halfStep is the least magnitude whose nearest level is not 0.
int halfStep() { return (model.step + 1) / 2; }

bool isLow(int u, int v) { return u < CELLS && v < CELLS; }

Analysis analyse(uint k)
{
	Analysis a = Analysis(uvec2(0u), 0, 0);
	uint low = 0u, high = 0u; // a square is low + 2^16·high: 1024 of them fit each word
	int nonzero = halfStep();
	for (int u = 0; u < N; u++) {
		for (int v = u < CELLS ? CELLS : 0; v < N; v++) {
			int c = abs(coefs[coef(u, v, k)]);
			uint square = uint(c) * uint(c);
			low += square & 0xffffu;
			high += square >> 16;
			if (c >= model.least) a.top = max(a.top, u + v);
			if (c >= nonzero) a.topPlain = max(a.topPlain, u + v);
		}
	}
	a.energy = add64(uvec2(low, 0u), uvec2(high << 16, high >> 16));
	return a;
}

int group(int diagonal) { return model.diagonal[diagonal] & 0xff; }

// lastDiagonal is the highest diagonal of a group.
int lastDiagonal(int group) { return group == GROUPS - 1 ? 2 * N - 2 : min(2 * N - 2, group * N / SIDE); }

// levelCost is the cost of a level of magnitude k, the costs of tokens beginning at row.
int levelCost(int row, int k)
{
	if (k < model.escape) return model.prices[row + k];
	return model.prices[row + model.escape] + model.bit * (2 * findMSB(uint(k - model.escape + 1)) + 1);
}

// Quantised is what a leaf comes to: its last group, the J of it less the J of zeros, but for the
// price of the last group, how much less its squared error is, and the number of levels.
struct Quantised {
	int last;
	uvec2 more, gained;
	uint levels;
	uint alike; // bits of the classes whose prices have the leaf end at the same groups
};

// What quantise is asked for.
const int DECIDE = 0; // levels and last group, by the prices of last groups of a class
const int REPEAT = 1; // levels up to a last group that was decided
const int ROUND = 2;  // levels up to a last group by plain rounding

// near are the magnitudes of three diagonals by u, each with two zeros more on either side: all that
// contexts depend on.
int near[3 * (N + 4)];

// row is where a diagonal begins in near.
int row(int d) { return d % 3 * (N + 4) + 2; }

void forget() { for (int i = 0; i < 3 * (N + 4); i++) near[i] = 0; }

#ifdef WRITES
void put(uint at, uint coef, int level);
#endif

// nearestLevel is ⌊a/step+½⌋.
int nearestLevel(int a)
{
	return int(product(uint(a + model.step / 2), uint(model.reciprocal)).y);
}

// bestLevel chooses among ⌊a+½⌋, that less one, and 0.
int bestLevel(int a, int row)
{
	int k = nearestLevel(a), d = a - k * model.step, cost = levelCost(row, k);
	if (k > 1) {
		int lower = levelCost(row, k - 1);
		// 16·((d + step)² − d²), at most 2^29.
		if (16 * model.step * (2 * d + model.step) + lower - cost < 0) k--, cost = lower;
	}
	int worse = cost - model.prices[row];
	// What it gains over 0 is below 2^32/16 up to 2 steps.
	if (k <= 2 && worse > 0 && uint(worse) > 16u * uint(k * model.step) * uint(2 * a - k * model.step)) return 0;
	return k;
}

// quantise quantises node k from a group on. REPEAT and ROUND write levels at word at, if there is
// anything to be written to.
Quantised quantise(uint k, int what, int from, int by, uint at, bool writing)
{
	int nonzero = halfStep(), g = from;
	Quantised q = Quantised(from, uvec2(0u), uvec2(0u), 0u, (1u << LAST_CLASSES) - 1u);
	forget();
	for (int d = lastDiagonal(from); d >= 1; d--) {
		int now = model.diagonal[d];
		if ((now & 0xff) != g) {
			g = now & 0xff;
			if (what == DECIDE) {
				uint ends = 0u; // of which classes
				for (int i = 0; i < LAST_CLASSES; i++) {
					if (less(wide(model.last[i * TOKENS + g] - model.last[i * TOKENS + q.last]), q.more)) ends |= 1u << i;
				}
				bool end = (ends >> by & 1u) != 0u;
				q.alike &= end ? ends : ~ends;
				if (end) {
					q = Quantised(g, uvec2(0u), uvec2(0u), 0u, q.alike);
					forget();
				}
			}
		}
		int prices = (now >> 8) * MAGNITUDE_CLASSES * TOKENS, zeros = (now >> 8) * (LARGEST_SUM + 1);
		int first = max(0, d - N + 1), end = min(d, N - 1);
		int here = row(d), after = row(d + 1), beyond = row(d + 2);
		near[here + first - 2] = near[here + first - 1] = near[here + end + 1] = near[here + end + 2] = 0;
		ivec4 a = ivec4(0, near[after + first - 1], near[after + first], near[after + first + 1]);
		ivec3 b = ivec3(0, near[beyond + first], near[beyond + first + 1]);
		for (int u = first; u <= end; u++) {
			a = ivec4(a.yzw, near[after + u + 2]);
			b = ivec3(b.yz, near[beyond + u + 2]);
			int level = 0;
			if (!isLow(u, d - u)) {
				int c = coefs[coef(u, d - u, k)], m = abs(c);
				int sum = 2 * (a.y + a.z) + a.x + a.w + b.x + b.y + b.z;
				int cost = model.zeros[zeros + sum], tokens = 0;
				if (m >= nonzero) {
					tokens = prices + model.magnitude[sum] * TOKENS;
					level = what == ROUND ? nearestLevel(m) : bestLevel(m, tokens);
				}
				if (level > 0) {
					cost = levelCost(tokens, level);
					uvec2 gain = product(uint(level * model.step), uint(2 * m - level * model.step));
					q.gained = add64(q.gained, gain);
					q.more = sub64(q.more, shift16(gain));
#ifdef WRITES
					if (writing) put(at + q.levels, uint(u << LG | (d - u)), c < 0 ? -level : level);
#endif
					q.levels++;
				}
				q.more = add64(q.more, wide(cost));
			}
			near[here + u] = min(level, model.cap);
		}
	}
	return q;
}

// moreThanZeros is J of a leaf less the J of zeros.
uvec2 moreThanZeros(Quantised q, int by) { return add64(q.more, wide(model.last[by * TOKENS + q.last])); }
