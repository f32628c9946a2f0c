{{- define "peerbot.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough that {fullname}-{service} is a name, too. */}}
{{- define "peerbot.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "peerbot.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "peerbot.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a pod is selected by: (dict "root" $ "service" "ingress"). */}}
{{- define "peerbot.selectorLabels" -}}
app.kubernetes.io/name: {{ include "peerbot.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "peerbot.labels" -}}
{{ include "peerbot.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "peerbot.image" -}}
{{- $usual := printf "%s-%s:%s" .root.Values.image.repository .service (default .root.Chart.AppVersion .root.Values.image.tag) -}}
{{- default $usual (index .root.Values .service).image -}}
{{- end -}}

{{- define "peerbot.workerImage" -}}
{{- include "peerbot.image" (dict "root" . "service" "worker") -}}
{{- end -}}

{{- define "peerbot.secretName" -}}
{{- default (printf "%s-secrets" (include "peerbot.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "peerbot.priorityClass.service" -}}{{ include "peerbot.fullname" . }}-service{{- end -}}
{{- define "peerbot.priorityClass.worker" -}}
{{- if .Values.worker.priorityClass -}}{{ .Values.worker.priorityClass }}
{{- else if .Values.priorityClasses.create -}}{{ include "peerbot.fullname" . }}-worker
{{- end -}}
{{- end -}}

{{/* The most replicas a service may have. */}}
{{- define "peerbot.maxReplicas" -}}
{{- $values := index .root.Values .service -}}
{{- if and $values.autoscaling $values.autoscaling.enabled -}}{{ $values.autoscaling.maxReplicas }}
{{- else if and $values.keda $values.keda.enabled -}}{{ $values.keda.maxReplicas }}
{{- else -}}{{ $values.replicas }}
{{- end -}}
{{- end -}}

{{/* How many workers there may be at once, those that wait included. One more launcher than usual lives during a rolling
update; waiting workers are replaced one for one, so there are never more of them. */}}
{{- define "peerbot.maxWorkers" -}}
{{- $launchers := include "peerbot.maxReplicas" (dict "root" . "service" "launcher") | int -}}
{{- add (mul (add $launchers 1) (.Values.launcher.runsPerReplica | int)) (.Values.worker.warm | int) -}}
{{- end -}}
