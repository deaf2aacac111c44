//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "inverse_amd64.h"

// ADDPRODUCTS adds the products of one sample of the first pass.
#define ADDPRODUCTS(at, even, odd) \
	VPBROADCASTD at(R12), Y10; \
	VPMADDWD Y8, Y10, Y10; \
	VPADDD Y10, even, even; \
	VPBROADCASTD at(R12)(R8*1), Y10; \
	VPMADDWD Y9, Y10, Y10; \
	VPADDD Y10, odd, odd

// BOTH adds the products of even and odd frequencies of eight samples; at is where these begin in a table.
#define BOTH(at, even, odd) \
	VPMADDWD at(R12), Y8, Y10; \
	VPADDD Y10, even, even; \
	VPMADDWD at(R12)(R8*1), Y9, Y10; \
	VPADDD Y10, odd, odd

// func inverseSums(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)
TEXT ·inverseSums(SB), NOSPLIT, $0-48
#include "inversesums_amd64.h"
