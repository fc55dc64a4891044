package reports

import "bytes"

// jsonString is the string that b begins with, in its quotation marks; nil
// where there is none.
func jsonString(b []byte) []byte {
	if len(b) == 0 || b[0] != '"' {
		return nil
	}
	for i := 1; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return nil
		}
		i += n
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return b[:i+1]
		}
	}
}

// jsonObject is the object that b begins with; nil where there is none. What is
// in it is not checked.
func jsonObject(b []byte) []byte {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	return jsonNested(b)
}

// jsonNested is the object or the list that b begins with; nil where it does not
// end.
func jsonNested(b []byte) []byte {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			s := jsonString(b[i:])
			if s == nil {
				return nil
			}
			i += len(s) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return b[:i+1]
			}
		}
	}
	return nil
}
