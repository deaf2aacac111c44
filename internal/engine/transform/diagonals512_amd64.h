	// What differs by leaves are macros: CONSTANTS; SHIFTS and BEYOND; COST and COSTS, of a diagonal and a group; and those of
	// oneleaf_amd64.h and besideleaves_amd64.h.
	MOVQ k+0(FP), DI
	MOVQ diagonals_row(DI), SI
	MOVQ diagonals_bins(DI), DX
	MOVQ levelBins_frequencies(DX), BX
	MOVQ diagonals_scan(DI), R15
	MOVQ diagonals_last(DI), R14
	MOVQ diagonals_diagonals(DI), R10 // left in the group
	MOVQ diagonals_top(DI), R9        // group
	MOVQ diagonals_highest(DI), R8    // diagonal
	VPBROADCASTW levelBins_lead(DX), Y16
	VPBROADCASTW levelBins_reciprocal(DX), Y17
	VPBROADCASTD diagonals_steps(DI), Y18
	VMOVDQU64 classesBySum<>+0(SB), Y19
	VMOVDQU64 classesBySum<>+32(SB), Y20
	FILL($0x3F3F3F3F, Y21)
	FILL($0x80808080, Y22)
	FILL($0x01010101, Y23)
	CONSTANTS
	VPXOR Y0, Y0, Y0 // levels of the diagonal before, by u
	VPXOR Y1, Y1, Y1 // of the one before that, of u, u + 1 and u + 2
	VPXOR Y9, Y9, Y9
	START

group:
	CLASSES
	BEGIN
	VPXOR Y10, Y10, Y10 // costs, in bytes, low ones first
	VPXOR Y11, Y11, Y11
	VPXOR Y12, Y12, Y12
	VPXOR Y13, Y13, Y13 // products of levels and magnitudes
	VPXOR Y14, Y14, Y14 // squares of levels
	VMOVDQA64 Y13, Y27  // of the other halves
	VMOVDQA64 Y14, Y28
	JMP bins

diagonal:
	CLASSES
bins:
	MOVWLZX diagonalScan_bins(R15)(R8*2), DX
	ADDQ BX, DX
	MOVQ R8, AX
	SHLQ $5, AX
	BINS
	JNZ far
	LEVELS(LOOKUP)
	COST(LOOKUP)
gain:
	GAIN
	DECQ R8
	DECQ R10
	JNZ diagonal

	END
	MOVQ diagonals_thick(DI), R10
	DECQ R9
	JNZ group

	AFTER
	VZEROUPPER
	RET

far:
	LEVELS(LOOKUPFAR)
	VPMOVB2M Y4, K4
	COST(LOOKUPFAR)
	JMP gain
