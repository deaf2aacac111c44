	MOVQ k+0(FP), DI
	MOVQ diagonals_row(DI), SI
	MOVQ diagonals_prices(DI), BX
	MOVQ diagonals_scan(DI), R15
	MOVQ diagonals_last(DI), R14
	MOVQ diagonals_diagonals(DI), R10 // left in the group
	MOVQ diagonals_top(DI), R9        // group
	MOVQ diagonals_highest(DI), R8    // diagonal
	VPXOR V0, V0, V0                  // levels of the diagonal before, by u
	VPXOR V1, V1, V1                  // of the one before that, of u, u + 1 and u + 2
	VPXOR V9, V9, V9
	VPBROADCASTD diagonals_steps(DI), V15
	START

group:
	CLASSES
	BEGIN
	VPXOR V10, V10, V10 // costs, in bytes, low ones first
	VPXOR V11, V11, V11
	VPXOR V12, V12, V12
	VPXOR V13, V13, V13 // levels, up to escape
	VPXOR V14, V14, V14 // what is gained, in Δ
	JMP zeros

diagonal:
	CLASSES
zeros:
	MOVWLZX diagonalScan_frequency(R15)(R8*2), DX
	ADDQ BX, DX
	MOVQ R8, AX
	SHLQ $5, AX
	INSIDE
	TABLE(frequencyLimits_zero(DX), V4)
	TABLE(frequencyLimits_zero+16(DX), V5)
	TABLE(frequencyLimits_zero+32(DX), V6)
	VPSHUFB V3, V4, V4
	VPSHUFB V3, V5, V5
	VPSHUFB V3, V6, V6
	VPSADBW V9, V4, V4
	VPSADBW V9, V5, V5
	VPSADBW V9, V6, V6
	VPADDQ V4, V10, V10
	VPADDQ V5, V11, V11
	VPADDQ V6, V12, V12

	// magnitudes that may be 1 or more
	LEAQ (SI)(AX*2), CX
	VMOVDQU (CX), V7
	VMOVDQU HALF(CX), V8
	ADDQ $frequencyLimits_levels, DX
	VPXOR V4, V4, V4
	ABOVE
	JZ none

level:
	LEVEL
	LEVEL
	JNZ level

	VPMAXUB diagonals_floor(DI)(AX*1), V4, V0
	VPMINUB bytes15<>(SB), V0, V4
	VPSADBW V9, V4, V5
	VPADDQ V5, V13, V13
	GAIN
	VPADDD V7, V14, V14
	VPADDD V8, V14, V14
	VPSUBD V5, V14, V14
	VPSLLW $4, V2, V2
	VPOR V4, V2, V2
	MOVQ diagonals_out(DI), CX
	VMOVDQU V2, diagonalLevels_named(CX)(AX*1)
	JMP next
none:
	VPXOR V0, V0, V0
	VPSLLW $4, V2, V2
	MOVQ diagonals_out(DI), CX
	VMOVDQU V2, diagonalLevels_named(CX)(AX*1)
next:
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
