"""A Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager.

`tools/controlplane` is its command line. Python's standard library, openssl and Linux only.
"""
