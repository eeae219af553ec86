// The kube-apiserver of the local control plane.
package main

import (
	"os"
	_ "time/tzdata" // so that time zones work where the machine has no database of them

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
