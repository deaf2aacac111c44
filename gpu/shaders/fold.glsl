// Points of a transform whose sums and differences from both ends are taken: a frequency needs but
// one of them, since its cosines are the same from either end but for the sign.

struct Folded {
	int sums[N / 2], differences[N / 2];
};

void fold(out Folded f, int x[N])
{
	for (int i = 0; i < N / 2; i++) {
		f.sums[i] = x[i] + x[N - 1 - i];
		f.differences[i] = x[i] - x[N - 1 - i];
	}
}

// even and odd are what an even or odd frequency has of the points, unscaled.
int even(Folded f, int frequency)
{
	int s = 0;
	for (int i = 0; i < N / 2; i++) s += model.cosines[frequency * N + i] * f.sums[i];
	return s;
}

int odd(Folded f, int frequency)
{
	int s = 0;
	for (int i = 0; i < N / 2; i++) s += model.cosines[frequency * N + i] * f.differences[i];
	return s;
}
