package incus

import (
	"context"
	"fmt"
	"slices"

	incus "github.com/lxc/incus/v6/client"
	"github.com/lxc/incus/v6/shared/api"
)

// members are those of the cluster that are online and not being emptied,
// sorted by name.
func (p *Provider) members(ctx context.Context) (members []api.ClusterMember, err error) {
	err = p.server.shared().do(ctx, func(c incus.InstanceServer) (err error) {
		members, err = c.GetClusterMembers()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the cluster's members: %w", err)
	}
	members = slices.DeleteFunc(members, func(m api.ClusterMember) bool { return m.Status != "Online" })
	slices.SortFunc(members, func(a, b api.ClusterMember) int {
		if a.ServerName < b.ServerName {
			return -1
		}
		return 1
	})
	return members, nil
}
