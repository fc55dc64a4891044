package providers

import "strings"

// ShellWord writes word as a POSIX shell reads it back: as it is where nothing
// in it means anything to a shell, else in single quotes. It is for lines that
// people paste or another program's settings hold; what we run is argv.
func ShellWord(word string) string {
	plain := !strings.ContainsFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._-=+:,@%", r)
	})
	if plain && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
