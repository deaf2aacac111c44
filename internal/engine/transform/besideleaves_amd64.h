// What kernels do of leaves side by side. All but the balance Y10 lies in memory while a group is gone through.
#define START \
	VMOVDQU Y9, diagonals_balance(DI); \
	VMOVDQU Y9, diagonals_gained(DI); \
	VMOVDQU Y9, diagonals_end(DI); \
	VMOVDQU Y9, diagonals_cost(DI); \
	VMOVDQU Y9, Y10
// BEGIN begins leaves, or ends them anew, if that is cheaper: Y5 has which, for ANEW.
#define BEGIN \
	MOVQ diagonals_out(DI), DX; \
	MOVQ R9, AX; \
	SHLQ $6, AX; \
	VMOVDQU diagonals_end(DI), Y12; \
	VMOVDQU diagonals_cost(DI), Y11; \
	VMOVDQU Y12, diagonalLevels_before+outcomes_end(DX)(AX*1); \
	VMOVDQU Y10, diagonalLevels_before+outcomes_balance(DX)(AX*1); \
	VPBROADCASTD (R14)(R9*4), X6; \
	VPMOVSXDQ X6, Y6; \
	VMOVQ R9, X8; \
	VPBROADCASTQ X8, Y8; \
	VPADDQ Y11, Y10, Y5; \
	VPCMPGTQ Y6, Y5, Y5; \
	VPCMPEQQ diagonals_start(DI), Y8, Y7; \
	VPOR Y7, Y5, Y5; \
	ANEW; \
	VPANDN Y10, Y5, Y10; \
	VPANDN diagonals_gained(DI), Y5, Y13; \
	VPBLENDVB Y5, Y6, Y11, Y11; \
	VPBLENDVB Y5, Y8, Y12, Y12; \
	VMOVDQU Y10, diagonals_balance(DI); \
	VMOVDQU Y13, diagonals_gained(DI); \
	VMOVDQU Y11, diagonals_cost(DI); \
	VMOVDQU Y12, diagonals_end(DI)
// END takes the sums of a group by 8 bytes, of which HALVES gives both halves of a leaf of 16 the sums of both.
#define END \
	COSTS; \
	VPSRLQ $32, Y14, Y7; \
	VPBROADCASTQ diagonals_step(DI), Y6; \
	VPADDD Y7, Y14, Y14; \
	VPMULDQ Y6, Y14, Y14; \
	VPSLLQ $const_distScale, Y14, Y7; \
	VPSUBQ Y7, Y10, Y10; \
	HALVES; \
	VPADDQ diagonals_balance(DI), Y10, Y10; \
	VPADDQ diagonals_gained(DI), Y14, Y14; \
	MOVQ R9, AX; \
	SHLQ $6, AX; \
	VPADDQ diagonals_adjust+adjustment_balance(DI)(AX*1), Y10, Y10; \
	VPADDQ diagonals_adjust+adjustment_gained(DI)(AX*1), Y14, Y14; \
	VMOVDQU Y14, diagonals_gained(DI)
#define AFTER \
	MOVQ diagonals_out(DI), DX; \
	VMOVDQU diagonals_end(DI), Y12; \
	VMOVDQU diagonals_gained(DI), Y13; \
	VMOVDQU Y12, diagonalLevels_after+outcomes_end(DX); \
	VMOVDQU Y10, diagonalLevels_after+outcomes_balance(DX); \
	VMOVDQU Y13, diagonalLevels_gained(DX)
