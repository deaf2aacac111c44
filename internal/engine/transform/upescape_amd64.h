// Levels up to escape, of which a sum is a byte.
#define PLUS VPADDB
#define ESCAPED
#define NAMED VMOVDQA Y0, Y4
