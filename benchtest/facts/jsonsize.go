package facts

// JSONSize says how deep b nests and how many values it holds, members and
// elements alike, at most. It decodes nothing and takes b as it is, valid or
// not: decoded, three bytes can cost half a kilobyte, so what a guest or an
// engine wrote is measured first.
func JSONSize(b []byte) (depth, values int) {
	open, quoted, escaped := 0, false, false
	values = 1
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == ',':
			values++
		case c == '{' || c == '[':
			open++
			values++
			depth = max(depth, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return depth, values
}
