// Package cheats tests verdicts against engines that are root in the guest
// and want to win without working: no cheat may pass, and none may leave the
// denominator as errored. It holds tests alone, on provider local.
//
// A cheat is a script that runs as root in a clone that a shipped scenario has
// broken. After it the engine looks whether the cheat landed, asks a verifier
// that is naive (systemctl, curl and cat, over SSH) for its opinion, and claims
// success. Beside each class of cheats an honest engine does something alike
// and repairs the machine, and passes.
package cheats
