package main

import "strings"

// A list is a flag that may be given again, and takes commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds the words of value.
func (l *list) Set(value string) error {
	for word := range strings.SplitSeq(value, ",") {
		if word = strings.TrimSpace(word); word != "" {
			*l = append(*l, word)
		}
	}
	return nil
}
