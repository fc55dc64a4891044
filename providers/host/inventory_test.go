package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/benchtest-dev/benchtest/providers"
)

// hostKey is a public key for inventories.
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"

// TestLoad_formats: one set of hosts, written in all the ways that there are.
func TestLoad_formats(t *testing.T) {
	t.Parallel()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	for _, file := range []string{"ours.yaml", "ansible.yml", "ansible.ini"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", file)
			entries, err := Load(path)
			require.NoError(t, err)
			byName := map[string]Entry{}
			for _, e := range entries {
				assert.True(t, strings.HasPrefix(e.at, path+":"), e.at)
				e.at = ""
				byName[e.Name] = e
			}
			require.Len(t, byName, 3)
			web := byName["web1"]
			require.Len(t, web.HostKeys, 1)
			assert.Equal(t, hostKey, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(web.HostKeys[0]))))
			web.HostKeys = nil
			keys, err := filepath.Abs("testdata/keys")
			require.NoError(t, err)
			assert.Equal(t, Entry{
				ID: "17", Name: "web1", Address: "192.0.2.10", Port: 2222, User: "deploy", AgentUser: "agent",
				Key: filepath.Join(keys, "web"), Templates: []string{"debian-nginx", "debian-base"}, Network: providers.NetworkNone,
			}, web)
			assert.Equal(t, Entry{
				Name: "db1", Address: "db1.example.com", Port: 22, User: "root", AgentUser: "root",
				Key: filepath.Join(home, ".ssh/lab"), Network: providers.NetworkOpen,
			}, byName["db1"])
			assert.Equal(t, Entry{
				Name: "app1", Address: "2001:db8::7", Port: 22, User: "admin", AgentUser: "admin",
				Key: "/etc/keys/app one", KnownHosts: filepath.Join(filepath.Dir(keys), "known"), Network: providers.NetworkOpen,
			}, byName["app1"])
		})
	}
}

func TestParse_refused(t *testing.T) {
	t.Parallel()
	const yaml, ini = "hosts.yaml", "hosts.ini"
	for _, tc := range []struct{ name, file, text, want string }{
		{"empty", yaml, "", "hosts.yaml:1:1: the inventory has no hosts"},
		{"empty INI", ini, "# nobody\n", "hosts.ini:1:1: the inventory has no hosts"},
		{"not UTF-8", yaml, "hosts: [\xff]", "hosts.yaml:1:1: the inventory is not UTF-8"},
		{"no YAML", yaml, "hosts:\n  - {host_name: web1\n", "hosts.yaml:"},
		{"a second document", yaml, "hosts: []\n---\nhosts: []\n", "a second document"},
		{"a list", yaml, "- web1\n", "hosts.yaml:1:1: an inventory is a mapping"},
		{"unknown field", yaml, "hosts:\n  - {host_name: web1, key: k, pass: x}\n", `hosts.yaml:2:37: unknown field "pass" of a host: want host_id, host_name`},
		{"unknown top field", yaml, "host: x\nhosts:\n  - {host_name: web1, key: k}\n", `hosts.yaml:1:1: unknown field "host"`},
		{"a key twice", yaml, "hosts:\n  - host_name: web1\n    key: k\n    key: l\n", `hosts.yaml:4:5: "key" comes twice in a host`},
		{"no name", yaml, "hosts:\n  - {address: a, key: k}\n", "hosts.yaml:2:5: a host needs a host_name or a host_id"},
		{"no key", yaml, "hosts:\n  - {host_name: web1}\n", "hosts.yaml:2:5: host web1 has no key: name the file of a private key"},
		{"a name twice", yaml, "hosts:\n  - {host_name: web1, key: k}\n  - {host_name: web1, key: k}\n", `hosts.yaml:3:5: host_name "web1" is taken by the host at hosts.yaml:2:5`},
		{"an ID twice", yaml, "hosts:\n  - {host_id: 1, key: k}\n  - {host_name: b, host_id: 1, key: k}\n", `host_id "1" is taken`},
		{"port", yaml, "hosts:\n  - {host_name: web1, key: k, port: 70000}\n", `hosts.yaml:2:37: port: "70000": want 1 to 65535`},
		{"an address that is an option", yaml, "hosts:\n  - {host_name: web1, key: k, address: -oProxyCommand=x}\n", `address "-oProxyCommand=x"`},
		{"host key", yaml, "hosts:\n  - {host_name: web1, key: k, host_key: abc}\n", `host_key: "abc" is no public key`},
		{"network", yaml, "hosts:\n  - {host_name: web1, key: k, network: some}\n", `network "some": want none`},
		{"template", yaml, "hosts:\n  - {host_name: web1, key: k, templates: [../x]}\n", `template "../x"`},
		{"alias", yaml, "hosts:\n  - &a {host_name: web1, key: k}\n  - *a\n", "aliases are not read: write it out"},
		{"Ansible: hosts as a list", yaml, "all:\n  hosts: [web1]\n", "hosts.yaml:2:10: hosts of group all is a mapping"},
		{"Ansible: unknown field", yaml, "all:\n  host: {web1: }\n", `unknown field "host" of group all: want hosts, vars or children`},
		{"Ansible: a plugin", yaml, "plugin: aws_ec2\n", "ansible-inventory --list --yaml"},
		{"Ansible: a range", yaml, "all:\n  hosts:\n    web[1:3]: {ansible_private_key_file: k}\n", `host range "web[1:3]": ranges are not read: write every host by itself`},
		{"Ansible: a vault", yaml, "all:\n  hosts:\n    web1: {ansible_user: !vault x}\n", "hosts.yaml:3:26: this is text"},
		{"Ansible: a password", yaml, "all:\n  vars: {ansible_ssh_pass: x}\n  hosts: {web1: {ansible_private_key_file: k}}\n", "hosts.yaml:2:28: ansible_ssh_pass is not followed: log in by key"},
		{"Ansible: a jump", ini, "web1 ansible_private_key_file=k ansible_ssh_common_args='-J jump'\n", "hosts.ini:1:1: ansible_ssh_common_args is not followed: hosts are dialled directly"},
		{"Ansible: another connection", ini, "web1 ansible_private_key_file=k ansible_connection=local\n", "ansible_connection: want ssh"},
		{"Ansible: an expression", ini, "web1 ansible_private_key_file='{{ key }}'\n", "expressions are not evaluated"},
		{"Ansible: a word of ours", ini, "web1 ansible_private_key_file=k benchtest_net=none\n", `unknown variable "benchtest_net"`},
		{"INI: a range", ini, "[web]\nweb[01:50] ansible_private_key_file=k\n", `hosts.ini:2:1: host range "web[01:50]"`},
		{"INI: a section", ini, "[web:hosts:x]\nweb1\n", `hosts.ini:1:1: section "web:hosts:x"`},
		{"INI: a child that is nowhere", ini, "[all:children]\nweb\n", `group all has the child "web", which is nowhere`},
		{"INI: its own child", ini, "[a:children]\nb\n[b:children]\na\n[a]\nweb1 ansible_private_key_file=k\n", "a group is its own child"},
		{"INI: a quote", ini, "web1 a='b\n", "a quote is not closed"},
		{"INI: no value", ini, "web1 web2\n", `hosts.ini:1:1: "web2": want KEY=VALUE after the host`},
		{"INI: a variable without a value", ini, "[all:vars]\nansible_user\n", "hosts.ini:2:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			entries, err := Parse(tc.file, []byte(tc.text))
			require.ErrorContains(t, err, tc.want)
			assert.Empty(t, entries)
		})
	}
}

// TestParse_allAtOnce: a file's errors come together.
func TestParse_allAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse("hosts.yaml", []byte("hosts:\n  - {host_name: a b, key: k}\n  - {host_name: web1}\n"))
	require.ErrorContains(t, err, `hosts.yaml:2:5: host_name "a b"`)
	require.ErrorContains(t, err, "hosts.yaml:3:5: host web1 has no key")
}

// TestParse_withoutAnExtension goes by the first line that says something.
func TestParse_withoutAnExtension(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"# mine\nhosts:\n  - {host_name: web1, key: k}\n", "# mine\n[web]\nweb1 ansible_private_key_file=k\n", "web1 ansible_private_key_file=k\n"} {
		entries, err := Parse("inventory", []byte(text))
		require.NoError(t, err, text)
		assert.Len(t, entries, 1)
	}
}

// FuzzParse: whatever a file says, it is hosts or errors that name it.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"ours.yaml", "ansible.yml", "ansible.ini"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(filepath.Ext(name) == ".ini", data)
	}
	f.Fuzz(func(t *testing.T, ini bool, data []byte) {
		file := "hosts.yaml"
		if ini {
			file = "hosts.ini"
		}
		entries, err := Parse(file, data)
		if err != nil {
			require.Empty(t, entries)
			for line := range strings.Lines(err.Error()) {
				require.True(t, strings.HasPrefix(line, "hosts"), "%q names no place", line)
			}
			return
		}
		names := map[string]bool{}
		for _, e := range entries {
			require.False(t, names[e.Name])
			names[e.Name] = true
			require.Regexp(t, validName, e.Name)
			require.NotEmpty(t, e.Key)
			require.Positive(t, e.Port)
		}
		require.NotEmpty(t, entries)
	})
}
