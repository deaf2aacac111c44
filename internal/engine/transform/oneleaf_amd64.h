// What kernels do before the first group and after the last one, and before and after each: of a single leaf R13 is where it
// ends, R12 what is gained, and R11 the balance. BEGIN comes when the classes V2 of the first diagonal, and V1, are found for a leaf that
// goes on, so that these do not wait for what the last group comes to.
#define START \
	MOVQ R9, R13; \
	XORQ R11, R11; \
	XORQ R12, R12
#define BEGIN \
	MOVQ diagonals_out(DI), DX; \
	MOVQ R9, AX; \
	SHLQ $6, AX; \
	MOVQ R13, diagonalLevels_before+outcomes_end(DX)(AX*1); \
	MOVQ R11, diagonalLevels_before+outcomes_balance(DX)(AX*1); \
	MOVLQSX (R14)(R13*4), AX; \
	MOVLQSX (R14)(R9*4), CX; \
	ADDQ R11, AX; \
	CMPQ AX, CX; \
	JLE keep; \
	MOVQ R9, R13; \
	XORQ R11, R11; \
	XORQ R12, R12; \
	VPXOR V1, V1, V1; \
	VPXOR V2, V2, V2; \
keep:

// A group comes to its costs less 16 times what is gained.
#define END \
	COSTS; \
	FOLD; \
	VPHADDD X10, X14, X5; \
	VPHADDD X5, X5, X5; \
	VMOVQ X5, DX; \
	MOVLQSX DX, CX; \
	SHRQ $32, DX; \
	IMULQ diagonals_step(DI), CX; \
	MOVQ R9, AX; \
	SHLQ $6, AX; \
	ADDQ DX, R11; \
	ADDQ CX, R12; \
	SHLQ $const_distScale, CX; \
	SUBQ CX, R11; \
	ADDQ diagonals_adjust+adjustment_balance(DI)(AX*1), R11; \
	ADDQ diagonals_adjust+adjustment_gained(DI)(AX*1), R12
#define AFTER \
	MOVQ diagonals_out(DI), DX; \
	MOVQ R13, diagonalLevels_after+outcomes_end(DX); \
	MOVQ R11, diagonalLevels_after+outcomes_balance(DX); \
	MOVQ R12, diagonalLevels_gained(DX)
