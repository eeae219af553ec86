{{/* The recommended labels of an object, one a line. Takes (list $ COMPONENT). */}}
{{- define "curfew.labels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: curfew
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: curfew
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
{{- end }}

{{/* The recommended labels and others, which do not replace them. Takes (list $ COMPONENT LABELS). */}}
{{- define "curfew.labelsWith" -}}
{{- $own := include "curfew.labels" . }}
{{- $own }}
{{- range $label, $value := index . 2 }}
{{- if not (hasKey ($own | fromYaml) $label) }}
{{ toJson $label }}: {{ toJson $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* The objects of a copied manifest, with their labels. Takes (list $ FILE COMPONENT). */}}
{{- define "curfew.objects" -}}
{{- $root := index . 0 }}
{{- $labels := include "curfew.labels" (list $root (index . 2)) }}
{{- range $document := splitList "\n---\n" ($root.Files.Get (index . 1) | required (printf "the chart lacks %s: package it from a whole checkout" (index . 1))) }}
{{- $object := fromYaml $document }}
---
{{ toYaml (mergeOverwrite (dict "metadata" (dict "labels" ($labels | fromYaml))) $object) }}
{{- end }}
{{- end }}

{{- define "curfew.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* v1, v1beta1 or none */}}
{{- define "curfew.mutatingPolicies" -}}
{{- if ne .Values.mutatingPolicies "auto" }}{{ .Values.mutatingPolicies }}
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" }}v1
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy" }}v1beta1
{{- else }}none
{{- end }}
{{- end }}

{{/* Flags of the controller and of end-all: those of `flags`, and what other values imply. */}}
{{- define "curfew.flags" -}}
{{- range $flag, $value := .Values.flags }}
- {{ printf "--%s=%s" $flag (kindIs "string" $value | ternary $value (toJson $value)) | quote }}
{{- end }}
{{- if not .Values.eligibilityPolicy.enabled }}
- --no-eligibility-policy
{{- end }}
{{- end }}

{{/* Restricted Pod Security, of a Pod and of its container. */}}
{{- define "curfew.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "curfew.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where a Pod runs. */}}
{{- define "curfew.placement" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- end }}
