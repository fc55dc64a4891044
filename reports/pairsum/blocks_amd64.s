#include "textflag.h"

// Two states go through SHA-256's rounds side by side. What lane A does next does
// not wait for lane B, so both are under way at once.
//
// X1, X2: state of A. X3..X6: its four latest groups of four words. X7, X8 and
// X9..X12: the same of B. X0: words with their constants, as SHA256RNDS2 wants
// them. X13: a group for a moment. X14: the order of bytes.

// FOUR does four rounds with the words w.
#define FOUR(k, s0, s1, w) \
	MOVOU       k(R9), X0   \
	PADDD       w, X0       \
	SHA256RNDS2 X0, s0, s1  \
	PSHUFD      $0x0E, X0, X0 \
	SHA256RNDS2 X0, s1, s0

// NEXT finishes the group that comes after w, for which MIX has been done.
// before is the group before w.
#define NEXT(before, w, next) \
	MOVO       w, X13          \
	PALIGNR    $4, before, X13 \
	PADDD      X13, next       \
	SHA256MSG2 w, next

// MIX begins the group that comes into the place of old, which w follows.
#define MIX(w, old) \
	SHA256MSG1 w, old

// WORDS reads four words of a block.
#define WORDS(at, from, w) \
	MOVOU  at(from), w \
	PSHUFB X14, w

// func blocks(s, t *state, p, q *byte, n int)
TEXT ·blocks(SB), NOSPLIT, $64-40
	MOVQ  s+0(FP), AX
	MOVQ  t+8(FP), BX
	MOVQ  p+16(FP), SI
	MOVQ  q+24(FP), DI
	MOVQ  n+32(FP), CX
	LEAQ  constants<>(SB), R9
	MOVOU swapped<>(SB), X14
	MOVOU 0(AX), X1
	MOVOU 16(AX), X2
	MOVOU 0(BX), X7
	MOVOU 16(BX), X8

block:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X7, 32(SP)
	MOVOU X8, 48(SP)


	// rounds 0 to 3
	WORDS(0, SI, X3)
	FOUR(0, X1, X2, X3)
	WORDS(0, DI, X9)
	FOUR(0, X7, X8, X9)

	// rounds 4 to 7
	WORDS(16, SI, X4)
	FOUR(16, X1, X2, X4)
	MIX(X4, X3)
	WORDS(16, DI, X10)
	FOUR(16, X7, X8, X10)
	MIX(X10, X9)

	// rounds 8 to 11
	WORDS(32, SI, X5)
	FOUR(32, X1, X2, X5)
	MIX(X5, X4)
	WORDS(32, DI, X11)
	FOUR(32, X7, X8, X11)
	MIX(X11, X10)

	// rounds 12 to 15
	WORDS(48, SI, X6)
	FOUR(48, X1, X2, X6)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	WORDS(48, DI, X12)
	FOUR(48, X7, X8, X12)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	// rounds 16 to 19
	FOUR(64, X1, X2, X3)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	FOUR(64, X7, X8, X9)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	// rounds 20 to 23
	FOUR(80, X1, X2, X4)
	NEXT(X3, X4, X5)
	MIX(X4, X3)
	FOUR(80, X7, X8, X10)
	NEXT(X9, X10, X11)
	MIX(X10, X9)

	// rounds 24 to 27
	FOUR(96, X1, X2, X5)
	NEXT(X4, X5, X6)
	MIX(X5, X4)
	FOUR(96, X7, X8, X11)
	NEXT(X10, X11, X12)
	MIX(X11, X10)

	// rounds 28 to 31
	FOUR(112, X1, X2, X6)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	FOUR(112, X7, X8, X12)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	// rounds 32 to 35
	FOUR(128, X1, X2, X3)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	FOUR(128, X7, X8, X9)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	// rounds 36 to 39
	FOUR(144, X1, X2, X4)
	NEXT(X3, X4, X5)
	MIX(X4, X3)
	FOUR(144, X7, X8, X10)
	NEXT(X9, X10, X11)
	MIX(X10, X9)

	// rounds 40 to 43
	FOUR(160, X1, X2, X5)
	NEXT(X4, X5, X6)
	MIX(X5, X4)
	FOUR(160, X7, X8, X11)
	NEXT(X10, X11, X12)
	MIX(X11, X10)

	// rounds 44 to 47
	FOUR(176, X1, X2, X6)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	FOUR(176, X7, X8, X12)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	// rounds 48 to 51
	FOUR(192, X1, X2, X3)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	FOUR(192, X7, X8, X9)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	// rounds 52 to 55
	FOUR(208, X1, X2, X4)
	NEXT(X3, X4, X5)
	FOUR(208, X7, X8, X10)
	NEXT(X9, X10, X11)

	// rounds 56 to 59
	FOUR(224, X1, X2, X5)
	NEXT(X4, X5, X6)
	FOUR(224, X7, X8, X11)
	NEXT(X10, X11, X12)

	// rounds 60 to 63
	FOUR(240, X1, X2, X6)
	FOUR(240, X7, X8, X12)

	MOVOU 0(SP), X13
	PADDD X13, X1
	MOVOU 16(SP), X13
	PADDD X13, X2
	MOVOU 32(SP), X13
	PADDD X13, X7
	MOVOU 48(SP), X13
	PADDD X13, X8
	ADDQ  $64, SI
	ADDQ  $64, DI
	DECQ  CX
	JNZ   block
	MOVOU X1, 0(AX)
	MOVOU X2, 16(AX)
	MOVOU X7, 0(BX)
	MOVOU X8, 16(BX)
	RET

// func canHash() bool
TEXT ·canHash(SB), NOSPLIT, $0-1
	MOVB  $0, ret+0(FP)
	XORL  AX, AX
	XORL  CX, CX
	CPUID
	CMPL  AX, $7
	JLT   done
	MOVL  $1, AX
	XORL  CX, CX
	CPUID
	BTL   $9, CX // SSSE3
	JCC   done
	MOVL  $7, AX
	XORL  CX, CX
	CPUID
	BTL   $29, BX // SHA
	SETCS ret+0(FP)

done:
	RET

// Words stand in blocks with their highest byte first.
DATA swapped<>+0(SB)/8, $0x0405060700010203
DATA swapped<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL swapped<>(SB), RODATA|NOPTR, $16

// The constants of the rounds (FIPS 180-4, 4.2.2).
DATA constants<>+0(SB)/8, $0x71374491428a2f98
DATA constants<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA constants<>+16(SB)/8, $0x59f111f13956c25b
DATA constants<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA constants<>+32(SB)/8, $0x12835b01d807aa98
DATA constants<>+40(SB)/8, $0x550c7dc3243185be
DATA constants<>+48(SB)/8, $0x80deb1fe72be5d74
DATA constants<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA constants<>+64(SB)/8, $0xefbe4786e49b69c1
DATA constants<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA constants<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA constants<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA constants<>+96(SB)/8, $0xa831c66d983e5152
DATA constants<>+104(SB)/8, $0xbf597fc7b00327c8
DATA constants<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA constants<>+120(SB)/8, $0x1429296706ca6351
DATA constants<>+128(SB)/8, $0x2e1b213827b70a85
DATA constants<>+136(SB)/8, $0x53380d134d2c6dfc
DATA constants<>+144(SB)/8, $0x766a0abb650a7354
DATA constants<>+152(SB)/8, $0x92722c8581c2c92e
DATA constants<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA constants<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA constants<>+176(SB)/8, $0xd6990624d192e819
DATA constants<>+184(SB)/8, $0x106aa070f40e3585
DATA constants<>+192(SB)/8, $0x1e376c0819a4c116
DATA constants<>+200(SB)/8, $0x34b0bcb52748774c
DATA constants<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA constants<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA constants<>+224(SB)/8, $0x78a5636f748f82ee
DATA constants<>+232(SB)/8, $0x8cc7020884c87814
DATA constants<>+240(SB)/8, $0xa4506ceb90befffa
DATA constants<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL constants<>(SB), RODATA|NOPTR, $256
