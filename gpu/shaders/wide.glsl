// Integers of 64 bits in two's complement, as pairs of words, the low one first.

uvec2 add64(uvec2 a, uvec2 b)
{
	uint carry;
	uint low = uaddCarry(a.x, b.x, carry);
	return uvec2(low, a.y + b.y + carry);
}

uvec2 sub64(uvec2 a, uvec2 b)
{
	uint borrow;
	uint low = usubBorrow(a.x, b.x, borrow);
	return uvec2(low, a.y - b.y - borrow);
}

uvec2 wide(int v) { return uvec2(uint(v), uint(v >> 31)); }

uvec2 product(uint a, uint b)
{
	uvec2 p;
	umulExtended(a, b, p.y, p.x);
	return p;
}

uvec2 product(int a, int b)
{
	int high, low;
	imulExtended(a, b, high, low);
	return uvec2(uint(low), uint(high));
}

// shift16 is 16 times v.
uvec2 shift16(uvec2 v) { return uvec2(v.x << 4, v.y << 4 | v.x >> 28); }

bool less(uvec2 a, uvec2 b) { return a.y == b.y ? a.x < b.x : int(a.y) < int(b.y); }
