// The weights of pairs of red and green, green and blue, red and blue, of which those beyond 15 bits are halved: they come twice. Then what is
// added to a sum of Y, to sums of four pixels of Cb and Cr, and to one of them.
DATA planeWeights<>+0(SB)/4, $(((const_yG/2)<<16)+const_yR)
DATA planeWeights<>+4(SB)/4, $((const_yB<<16)+const_yG/2)
DATA planeWeights<>+8(SB)/4, $(((const_cbB/2)<<16)+(const_cbR&0xffff))
DATA planeWeights<>+12(SB)/4, $(((const_cbB/2)<<16)+(const_cbG&0xffff))
DATA planeWeights<>+16(SB)/4, $((const_crG<<16)+const_crR/2)
DATA planeWeights<>+20(SB)/4, $((const_crB<<16)+const_crR/2)
DATA planeWeights<>+24(SB)/4, $(const_unit8/2)
DATA planeWeights<>+28(SB)/4, $(4*(const_Centre*const_unit8+const_unit8/2))
DATA planeWeights<>+32(SB)/4, $(const_Centre*const_unit8+const_unit8/2)
GLOBL planeWeights<>(SB), RODATA, $36
