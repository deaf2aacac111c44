//go:build !purego

package rans

// takePairs takes n tokens of a table, an even number, the last one first, and gives out words from one on downwards. It
// returns how many.
//
//go:noescape
func takePairs(table *encSymbol, x *states, tokens *Token, n int, words *uint16) int
