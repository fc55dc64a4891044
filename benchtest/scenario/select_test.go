package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	all := []*Scenario{
		{Key: "disk/001-full", Group: "disk", Tags: []string{"storage", "smoke"}},
		{Key: "nginx/001-broken-config", Group: "nginx", Tags: []string{"nginx", "config"}},
		{Key: "nginx/002-port", Group: "nginx", Tags: []string{"nginx", "smoke"}},
		{Key: "plain", Group: "misc"},
	}
	table := make([]Entry, len(all))
	for i, s := range all {
		table[i] = s.Entry()
	}
	for _, test := range []struct {
		name, list string
		want       []string
		err        string
	}{
		{name: "everything", list: " ", want: []string{"disk/001-full", "nginx/001-broken-config", "nginx/002-port", "plain"}},
		{name: "key", list: "plain", want: []string{"plain"}},
		{name: "tag", list: "nginx", want: []string{"nginx/001-broken-config", "nginx/002-port"}},
		{name: "mixed, in order, once", list: "nginx/002-port, smoke,plain,", want: []string{"disk/001-full", "nginx/002-port", "plain"}},
		{name: "only commas", list: ",,", err: `select scenarios: ",," names none`},
		{name: "misspelt tag", list: "ngnix", err: `no scenario has the key or tag "ngnix": did you mean "nginx"?`},
		{name: "misspelt key", list: "nginx/02-port", err: `no scenario has the key or tag "nginx/02-port": did you mean "nginx/002-port"?`},
		{name: "group", list: "disk", err: `no scenario has the key or tag "disk": it is a group, which -run disk selects`},
		{
			name: "all that are unknown", list: "zzz,smoke,aaaaaaa",
			err: "no scenario has the key or tag \"aaaaaaa\": known are config, disk/001-full, nginx, nginx/001-broken-config, nginx/002-port, plain, smoke, storage\n" +
				"no scenario has the key or tag \"zzz\": known are config, disk/001-full, nginx, nginx/001-broken-config, nginx/002-port, plain, smoke, storage",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chosen, err := Select(all, test.list)
			rows, rowsErr := SelectEntries(table, test.list)
			if test.err != "" {
				assert.EqualError(t, err, test.err)
				assert.EqualError(t, rowsErr, test.err)
				return
			}
			assert.NoError(t, err)
			assert.NoError(t, rowsErr)
			var keys, rowKeys []string
			for _, s := range chosen {
				keys = append(keys, s.Key)
			}
			for _, e := range rows {
				rowKeys = append(rowKeys, e.Key)
			}
			assert.Equal(t, test.want, keys)
			assert.Equal(t, test.want, rowKeys)
		})
	}
}
