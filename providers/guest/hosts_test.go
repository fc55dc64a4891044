package guest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMergeHosts(t *testing.T) {
	t.Parallel()
	db := []Host{{Name: "db1", Address: "10.77.0.11"}}
	tests := []struct {
		name, old string
		others    []Host
		want      string
	}{
		{"nothing there", "", nil, localHosts + "127.0.1.1\tweb1\n"},
		{"another name before", "127.0.0.1 localhost\n127.0.1.1\tpool-7\n", nil, "127.0.0.1 localhost\n127.0.1.1\tweb1\n"},
		{"the template's own lines stay", "127.0.0.1 localhost\n# mirror\n10.0.0.9 mirror", db, "127.0.0.1 localhost\n# mirror\n10.0.0.9 mirror\n127.0.1.1\tweb1\n10.77.0.11\tdb1\n"},
		{"a stale address of the other host", "127.0.0.1 localhost\n10.9.9.9 db1\n", db, "127.0.0.1 localhost\n127.0.1.1\tweb1\n10.77.0.11\tdb1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := MergeHosts(tt.old, "web1", tt.others)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, got, MergeHosts(got, "web1", tt.others), "merging twice is merging once")
		})
	}
}
