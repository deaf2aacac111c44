// The stage cost: one thread prices one node (kernel.Cost in internal/engine/transform/model.go).
#include "forecast.glsl"

layout(local_size_x = LINEAR) in;

layout(std430, binding = OUT_BINDING) restrict writeonly buffer Out {
	uvec4 costs[]; // J, and the forecast
};

void main()
{
	uint k = gl_GlobalInvocationID.x;
	if (k >= count) return;
	Analysis a = analyse(k);
	uvec2 more = wide(model.last[model.typical * TOKENS]);
	if (a.top > 0) {
		uvec2 coded = moreThanZeros(quantise(k, DECIDE, group(a.top), model.typical, 0u, false), model.typical);
		if (less(coded, more)) more = coded;
	}
	uvec2 j = add64(shift16(a.energy), more);
	costs[k] = uvec4(j, model.parts > 0 && a.top > 0 ? forecast(k, a.top) : j);
}
