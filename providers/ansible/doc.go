// Package ansible runs playbooks with the real ansible-playbook of the driver
// against sandboxes, and tells what each task did. It reads no configuration of
// the user's and leaves nothing in their home.
//
// How hosts are reached is an OpenSSH client configuration's affair, such as
// the one a bastion writes.
package ansible
