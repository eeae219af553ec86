package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/library"
)

// What an API server could be asked: the largest objects that are legal, and the largest that a client can send.
type scenario struct {
	name   string
	values map[string]any
}

type M = map[string]any
type L = []any

// Lets everybody, or nobody, do what is asked for by name, and nobody what is asked for without one: then every check is needed.
type authz struct{ allow bool }

func (a authz) Authorize(_ context.Context, attributes authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.allow && attributes.GetName() != "" {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func text(n int, seed string) string {
	if len(seed) > n {
		return seed[:n]
	}
	return seed + strings.Repeat("x", n-len(seed))
}

func list(n int, f func(int) any) L {
	l := L{}
	for i := 0; i < n; i++ {
		l = append(l, f(i))
	}
	return l
}

func groups(n, length int) L {
	return list(n, func(i int) any { return text(length, fmt.Sprintf("g%d-", i)) })
}

func deep(value any) any {
	switch v := value.(type) {
	case M:
		c := M{}
		for k, x := range v {
			c[k] = deep(x)
		}
		return c
	case L:
		c := L{}
		for _, x := range v {
			c = append(c, deep(x))
		}
		return c
	}
	return value
}

const long = 1024

func person(i int) any {
	kinds := []string{"User", "Group", "ServiceAccount"}
	p := M{"kind": kinds[i%3], "name": text(long, fmt.Sprintf("p%d-", i))}
	if i%3 == 2 {
		p["namespace"] = text(63, fmt.Sprintf("n%d-", i))
	}
	return p
}

func role(i int) any {
	return M{"kind": []string{"ClusterRole", "Role"}[i%2], "name": text(253, fmt.Sprintf("r%d-", i))}
}

func accessPolicy() M {
	return M{"metadata": M{"name": text(253, "policy")}, "spec": M{
		"requesters": list(64, person), "subjects": list(64, person), "roles": list(24, role),
		"namespaces":  M{"names": list(256, func(i int) any { return text(63, fmt.Sprintf("n%d-", i)) })},
		"duration":    M{"max": "8760h", "default": "8760h"},
		"reason":      M{"required": true},
		"approval":    M{"required": int64(8), "approvers": list(64, person), "allowSelfApproval": false},
		"description": text(4096, "d"),
	}}
}

func identity(i, count, length int) M {
	return M{"username": text(long, fmt.Sprintf("u%d-", i)), "groups": groups(count, length)}
}

func managed(entries, nodes, length int) L {
	return list(entries, func(i int) any {
		fields := M{}
		for n := 0; n < nodes; n++ {
			fields[text(length, fmt.Sprintf("f:%d", n))] = M{}
		}
		return M{"manager": text(20, fmt.Sprintf("m%d-", i)), "operation": "Apply", "apiVersion": "curfew.dev/v1alpha1", "fieldsType": "FieldsV1",
			"time": "2026-11-24T20:00:00Z", "fieldsV1": M{"f:metadata": M{"f:labels": fields}}}
	})
}

func request(decisions, count, length int) M {
	labels, annotations := M{}, M{}
	for i := 0; i < 64; i++ {
		labels[text(317, fmt.Sprintf("l%d-", i))] = text(63, "v")
		annotations[text(100, fmt.Sprintf("a%d-", i))] = text(140, "v")
	}
	r := M{
		"metadata": M{"name": text(253, "ask"), "namespace": text(63, "n0-"), "uid": "3f2a91bc-0000-0000-0000-000000000000", "labels": labels, "annotations": annotations,
			"finalizers": list(8, func(i int) any { return text(317, fmt.Sprintf("f%d-", i)) }),
			"ownerReferences": list(8, func(i int) any {
				return M{"apiVersion": "v1", "kind": "ConfigMap", "name": text(253, "o"), "uid": fmt.Sprint(i)}
			}),
			"managedFields": managed(32, 5, 60)},
		"spec": M{"policy": text(253, "policy"), "role": role(23), "duration": "8760h", "reason": text(long, "why"), "subject": person(62), "requester": identity(0, count, length)},
		"status": M{"phase": "Pending", "complete": false, "roleRef": role(0), "duration": "1h", "subject": person(62), "policy": M{"name": "x"}, "onChange": "Keep",
			"approvedBy": list(16, func(i int) any { return text(long, fmt.Sprintf("u%d-", i+1)) }),
			"conditions": list(16, func(i int) any {
				return M{"type": fmt.Sprintf("T%d", i), "status": "True", "message": text(32768, "m")}
			})},
	}
	if decisions > 0 {
		r["decisions"] = list(decisions, func(i int) any {
			d := identity(i+1, count, length)
			d["verdict"] = []string{"Approve", "Revoke"}[i/8]
			d["comment"] = text(long, "c")
			return d
		})
	}
	return r
}

func asker(operation string, who M, allow bool) M {
	info := &user.DefaultInfo{Name: who["username"].(string)}
	return M{"request": M{"operation": operation, "namespace": text(63, "n0-"), "userInfo": who, "resource": M{"group": "curfew.dev", "resource": "accessrequests"}},
		"authorizer": library.NewAuthorizerVal(info, authz{allow})}
}

func with(base M, more M) M {
	c := M{}
	for k, v := range base {
		c[k] = v
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func set(object M, path string, value any) M {
	c := deep(object).(M)
	at := c
	parts := strings.Split(path, "/")
	for _, part := range parts[:len(parts)-1] {
		at = at[part].(M)
	}
	at[parts[len(parts)-1]] = value
	return c
}

// The scenarios that a policy of that name is evaluated on.
func scenarios(policy string) []scenario {
	var all []scenario
	add := func(name string, values M) { all = append(all, scenario{name, values}) }
	switch policy {
	case "curfew-policy-authors":
		for _, allow := range []bool{true, false} {
			for _, n := range []int{1, 2, 3, 23, 24} {
				p := set(accessPolicy(), "spec/roles", list(n, role))
				add(fmt.Sprintf("%d roles, bind by name %v", n, allow), with(asker("CREATE", identity(1, 1024, 60), allow), M{"object": p, "oldObject": nil}))
			}
		}
	case "curfew-identity", "curfew-metadata", "curfew-eligibility":
		for _, g := range [][2]int{{1024, 58}, {1024, 1024}} {
			name := fmt.Sprintf("groups %dx%d", g[0], g[1])
			params := M{"params": accessPolicy()}
			r0 := request(0, g[0], g[1])
			me := identity(0, g[0], g[1])
			add("create, "+name, with(with(asker("CREATE", me, false), params), M{"object": r0, "oldObject": nil}))
			for _, n := range []int{1, 8, 16} {
				old, now := request(n-1, g[0], g[1]), request(n, g[0], g[1])
				who := identity(n, g[0], g[1])
				add(fmt.Sprintf("decision %d, %s", n, name), with(with(asker("UPDATE", who, false), params), M{"object": now, "oldObject": old}))
			}
		}
		old := request(15, 1024, 58)
		who := identity(16, 1024, 58)
		stranger := asker("UPDATE", identity(99, 1024, 58), true)
		params := M{"params": accessPolicy()}
		annotated := func(key, value string) M {
			o := deep(old).(M)
			o["metadata"].(M)["annotations"].(M)[key] = value
			return o
		}
		add("command of 250 KB", with(with(asker("UPDATE", who, false), params), M{"object": annotated("curfew.dev/approve", "uid="+text(250000, "x")), "oldObject": old}))
		add("annotation of 250 KB", with(with(stranger, params), M{"object": annotated("x", text(250000, "x")), "oldObject": old}))
		many := M{}
		for i := 0; i < 60000; i++ {
			many[fmt.Sprintf("%x", i)] = ""
		}
		add("60,000 annotations", with(with(stranger, params), M{"object": set(old, "metadata/annotations", many), "oldObject": old}))
		less := M{}
		for i := 0; i < 59999; i++ {
			less[fmt.Sprintf("%x", i)] = ""
		}
		add("59,999 of 60,000 annotations", with(with(stranger, params), M{"object": set(old, "metadata/annotations", less), "oldObject": set(old, "metadata/annotations", many)}))
		labels := M{}
		for i := 0; i < 60000; i++ {
			labels[fmt.Sprintf("%x", i)] = ""
		}
		add("60,000 labels", with(with(stranger, params), M{"object": set(old, "metadata/labels", labels), "oldObject": old}))
		add("1.5 MB of managed fields", with(with(stranger, params), M{"object": set(old, "metadata/managedFields", managed(1, 150000, 10)), "oldObject": old}))
		add("10,000 managers", with(with(stranger, params), M{"object": set(old, "metadata/managedFields", managed(10000, 1, 10)), "oldObject": old}))
		add("10,000 finalizers", with(with(stranger, params), M{"object": set(old, "metadata/finalizers", groups(10000, 60)), "oldObject": old}))
		owners := list(10000, func(i int) any {
			return M{"apiVersion": "v1", "kind": "ConfigMap", "name": text(60, "o"), "uid": fmt.Sprint(i)}
		})
		add("10,000 owners", with(with(stranger, params), M{"object": set(old, "metadata/ownerReferences", owners), "oldObject": old}))
	case "curfew-extensions", "curfew-cluster-extensions":
		for _, match := range []bool{true, false} {
			extended := set(set(request(16, 1024, 58), "status/phase", "Active"), "status/roleRef", role(23))
			extended = set(set(extended, "status/expiresAt", "2026-11-24T20:00:00Z"), "status/extendableUntil", "2026-11-24T20:00:00Z")
			extended = set(extended, "metadata/name", text(253, map[bool]string{true: "x", false: "y"}[match]))
			r := set(request(0, 1024, 58), "spec/extends", text(253, "x"))
			if policy == "curfew-cluster-extensions" {
				places := list(64, func(i int) any { return text(63, fmt.Sprintf("n%d-", i)) })
				r = set(r, "spec/namespaces", places)
				extended = set(extended, "spec/namespaces", append(L{text(63, "other")}, places[:63]...))
			}
			add(fmt.Sprintf("extension, of this request: %v", match), with(asker("CREATE", identity(0, 1024, 58), false), M{"object": r, "oldObject": nil, "params": extended}))
		}
	case "curfew-reviews":
		// Whoever reviews belongs to each reviewer's group, or to none of them.
		terms := M{"required": int64(3), "reviewers": list(16, person), "within": "8760h", "dueAt": "2026-11-24T20:00:00Z"}
		review := func(i int) any {
			r := identity(100+i, 1024, 27)
			r["verdict"], r["comment"] = "Disputed", text(long, "c")
			return r
		}
		for n := 0; n < 4; n++ {
			old := set(set(request(16, 1024, 58), "status/phase", "Expired"), "status/review", terms)
			if n > 0 {
				old = set(old, "reviews", list(n, review))
			}
			add(fmt.Sprintf("review %d", n+1), with(asker("UPDATE", identity(100+n, 1024, 27), false), M{"object": set(old, "reviews", list(n+1, review)), "oldObject": old}))
			command := deep(old).(M)
			command["metadata"].(M)["annotations"].(M)["curfew.dev/review-justified"] = "uid=" + text(250000, "x")
			add(fmt.Sprintf("command of 250 KB, review %d", n+1), with(asker("UPDATE", identity(100+n, 1024, 27), false), M{"object": command, "oldObject": old}))
		}
		add("groups 1024x1024", with(asker("UPDATE", identity(100, 1024, 1024), false), M{"object": set(set(request(16, 1024, 58), "status/review", terms), "reviews", list(1, review)), "oldObject": set(request(16, 1024, 58), "status/review", terms)}))
	case "curfew-bindings", "curfew-bindings-deletion":
		b := func(n int) M {
			return M{"metadata": M{"name": "curfew-3f2a91bc-0000-0000-0000-000000000000", "creationTimestamp": "2026-11-24T19:00:00Z", "labels": M{"curfew.dev/request-uid": "3f2a91bc-0000-0000-0000-000000000000"},
				"annotations": M{"curfew.dev/expires-at": text(n, "2026-11-24T20:00:00Z")}, "ownerReferences": list(1, func(int) any {
					return M{"kind": "AccessRequest", "apiVersion": "curfew.dev/v1alpha1", "name": "x", "uid": "3f2a91bc-0000-0000-0000-000000000000"}
				})},
				"roleRef": M{"kind": "ClusterRole", "name": "view"}, "subjects": list(1, person)}
		}
		if policy == "curfew-bindings-deletion" {
			add("delete by Curfew", with(asker("DELETE", M{"username": "system:serviceaccount:curfew-system:curfew"}, false), M{"object": nil, "oldObject": b(250000)}))
			break
		}
		c := asker("UPDATE", M{"username": "system:serviceaccount:curfew-system:curfew"}, false)
		add("update by Curfew", with(c, M{"object": b(20), "oldObject": b(20)}))
		add("update by Curfew, 250 KB", with(c, M{"object": b(250000), "oldObject": b(20)}))
		add("create by Curfew", with(asker("CREATE", M{"username": "system:serviceaccount:curfew-system:curfew"}, false), M{"object": b(20), "oldObject": nil}))
		add("update by another", with(asker("UPDATE", identity(9, 1024, 1024), false), M{"object": b(250000), "oldObject": b(20)}))
	case "curfew-writes":
		add("status", with(asker("UPDATE", identity(9, 1024, 1024), false), M{"object": request(16, 1024, 58), "oldObject": request(16, 1024, 57)}))
	case "curfew-ledger":
		ledger := M{"metadata": M{"name": "curfew-guard"}, "data": M{"ledger": text(1000000, "{}")}}
		add("update, 1 MB", with(asker("UPDATE", identity(9, 1024, 1024), false), M{"object": ledger, "oldObject": set(ledger, "data/ledger", "{}")}))
	case "curfew-crds":
		add("delete", with(asker("DELETE", identity(9, 1024, 1024), false), M{"object": nil, "oldObject": M{"spec": M{"group": "curfew.dev"}, "metadata": M{"annotations": M{"x": text(250000, "y")}}}}))
	case "curfew-deletion", "curfew-deletion-approvers":
		for _, onChange := range []string{"Keep", "Enforce"} {
			r := set(request(16, 1024, 58), "status/onChange", onChange)
			add("delete under "+onChange, with(asker("DELETE", identity(99, 1024, 1024), false), M{"object": nil, "oldObject": r, "params": accessPolicy()}))
		}
	}
	return all
}
