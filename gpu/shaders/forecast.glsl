// What a leaf costs as its magnitudes tell (internal/engine/transform/forecast.go).
#include "quantiser.glsl"

uvec2 forecast(uint k, int top)
{
	uint low = 0u, high = 0u; // squares as in analyse
	int price = 0, large = 0;
	for (int u = 0; u < N; u++) {
		for (int v = u < CELLS ? CELLS : 0; v < N; v++) {
			uint c = uint(min(abs(coefs[coef(u, v, k)]), 0x7fff));
			if (int(c) < model.least) {
				low += c * c & 0xffffu;
				high += c * c >> 16;
				continue;
			}
			uint parts = c * uint(model.parts) >> 16;
			price += parts < FORECAST_PARTS ? model.fine[parts] : model.whole[min(parts / FORECAST_PARTS, FORECAST_PARTS - 1u)];
			large++;
		}
	}
	int through = model.through[top];
	int places = model.spread * large * (model.logs[through + 1] - model.logs[large + 1]) + model.each * through;
	uvec2 p = product(uint(max(16 * price + (places >> 8) + model.once, 0)), uint(model.bit));
	return add64(shift16(add64(uvec2(low, 0u), uvec2(high << 16, high >> 16))), uvec2(p.x >> 8 | p.y << 24, p.y >> 8));
}
