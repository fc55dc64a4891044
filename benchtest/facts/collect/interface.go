//go:build linux

package collect

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/benchtest-dev/benchtest/benchtest/facts"
)

func netInterface(_ context.Context, _ *session, q facts.Query) (finding, error) {
	all, err := net.Interfaces()
	if err != nil {
		return finding{}, fmt.Errorf("list interfaces: %w", err)
	}
	for _, i := range all {
		if i.Name == q.Subject {
			return describeInterface(i)
		}
	}
	return finding{attrs: map[string]any{"addresses": []string{}}, raw: "no such interface"}, nil
}

func describeInterface(i net.Interface) (finding, error) {
	addrs, err := i.Addrs()
	if err != nil {
		return finding{}, fmt.Errorf("list addresses of %s: %w", i.Name, err)
	}
	list := []string{}
	for _, a := range addrs {
		list = append(list, a.String())
	}
	raw := fmt.Sprintf("%s mtu %d flags %s %s", i.Name, i.MTU, i.Flags, strings.Join(list, " "))
	return finding{attrs: map[string]any{"addresses": distinct(list), "mtu": i.MTU}, raw: raw}, nil
}
