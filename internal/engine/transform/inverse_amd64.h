// What the kernels share. ADDPRODUCTS and BOTH are theirs.

DATA inverseWords<>+0(SB)/4, $(1<<(const_basisBits-1))
DATA inverseWords<>+4(SB)/4, $(const_maxSample<<16|const_maxSample)
DATA inverseWords<>+8(SB)/4, $((const_maxSample+1)/2<<16|(const_maxSample+1)/2)
GLOBL inverseWords<>(SB), RODATA, $12

// Words 0, 2, 1, 3 of each four.
DATA evenOdd<>+0(SB)/8, $0x0706030205040100
DATA evenOdd<>+8(SB)/8, $0x0f0e0b0a0d0c0908
DATA evenOdd<>+16(SB)/8, $0x0706030205040100
DATA evenOdd<>+24(SB)/8, $0x0f0e0b0a0d0c0908
GLOBL evenOdd<>(SB), RODATA, $32

// Each four words from last to first: of the upper half, and of both.
DATA reversed<>+0(SB)/8, $0x0706050403020100
DATA reversed<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA reversed<>+16(SB)/8, $0x0100030205040706
DATA reversed<>+24(SB)/8, $0x09080b0a0d0c0f0e
DATA reversed<>+32(SB)/8, $0x0100030205040706
DATA reversed<>+40(SB)/8, $0x09080b0a0d0c0f0e
GLOBL reversed<>(SB), RODATA, $48

// PACKED takes eight coefficients of two horizontal frequencies to words, even and odd vertical ones apart.
#define PACKED(first, second, y) \
	VMOVDQU first, y; \
	VPACKSSDW second, y, y; \
	VPSHUFB Y15, y, y

// SUMS writes the sums of a sample to (R11), and of the one that mirrors it to (R13).
#define SUMS(even, odd, xeven, xodd) \
	VPADDD odd, even, Y10; \
	VPSUBD odd, even, odd; \
	VPSRAD $const_basisBits, Y10, Y10; \
	VPSRAD $const_basisBits, odd, odd; \
	VPACKSSDW odd, Y10, even; \
	VPERMQ $0xD8, even, even; \
	VMOVDQU xeven, (R11); \
	VEXTRACTI128 $1, even, (R13); \
	ADDQ $(2*const_maxN), R11; \
	SUBQ $(2*const_maxN), R13

// FOUR takes the sums of four frequencies of a row.
#define FOUR(at) \
	VPBROADCASTD at(R13), Y8; \
	VPBROADCASTD (at+4)(R13), Y9

// WRITE writes 16 samples of words, on what is predicted.
#define WRITE(at, y) \
	VMOVDQU at(R14), Y10; \
	VPSUBW Y13, Y10, Y10; \
	VPADDSW Y10, y, y; \
	VPMAXSW Y15, y, y; \
	VPMINSW Y14, y, y; \
	VMOVDQU y, at(SI)
