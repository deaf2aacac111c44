// Package symbols is the mode of the predictive engine for what is not a
// photograph: masks, labels, palettes, text, screenshots and pixel art. It
// codes a tile of symbols without loss, by adaptive binary arithmetic coding
// under mixed contexts, in integers throughout (FORMAT.md, "Pattern
// mode").
package symbols
