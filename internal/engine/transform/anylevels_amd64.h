// Levels that may be above escape: beyond its bin a level is escape, or more, as diagonals.floor says.
#define PLUS VPADDUSB
#define ESCAPED \
	VPMINUB bytes15<>(SB), Y4, Y4; \
	VPMINUB bytes15<>(SB), Y5, Y5
#define NAMED \
	VPMINUB bytes15<>(SB), Y0, Y4; \
	VPMAXUB diagonals_floor(DI)(AX*1), Y4, Y0
