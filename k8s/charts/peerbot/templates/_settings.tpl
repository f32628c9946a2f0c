{{/*
The variables each service reads, as in its config.ts. Those about one machine alone (folders, programs, a kubeconfig) are
left out: in a cluster they have no use.
*/}}
{{- define "peerbot.settingNames" -}}
{{- $common := "LOG_LEVEL REDIS_PREFIX INTERNAL_PORT" -}}
{{- $github := "GITHUB_ORGANIZATION GITHUB_API_URL GITHUB_GIT_URL" -}}
{{- $names := dict
  "ingress" (printf "%s SLACK_MODE INGRESS_PORT SLACK_API_URL SLACK_PACE SLACK_ALLOWED_USERS SLACK_DENIED_USERS SLACK_ADMIN_USERS SLACK_ALLOWED_CHANNELS SLACK_DENIED_CHANNELS SLACK_ALLOW_DIRECT_MESSAGES SLACK_ALLOW_EXTERNAL_USERS PROMPT_MAX_CHARACTERS ALLOWED_SIZES DOCKER_IN_DOCKER SESSION_RETENTION_DAYS" $common)
  "launcher" (printf "%s %s RUNNER ALLOWED_SIZES DOCKER_IN_DOCKER CHANNEL_OPTIONS GATEWAY_URL SESSION_TIMEOUT_SECONDS STOP_GRACE_SECONDS SAVE_MARGIN_SECONDS MAX_TURNS MAX_BUDGET_USD DOCKER_START_SECONDS MAX_CONCURRENT_RUNS WARM_WORKERS TAKEOVER_SECONDS RATE_LIMIT_MAX RATE_LIMIT_WINDOW_SECONDS FAIR_SHARE_WEIGHTS SLACK_API_URL BULL_BOARD_USER SESSION_RETENTION_DAYS KUBERNETES_NAMESPACE KUBERNETES_INSTANCE KUBERNETES_ROOM_WAIT_SECONDS KUBERNETES_START_PATIENCE_SECONDS KUBERNETES_NODE_LOST_SECONDS WORKER_IMAGE WORKER_IMAGE_PULL_POLICY WORKER_IMAGE_PULL_SECRETS WORKER_SERVICE_ACCOUNT WORKER_SIZES WORKER_SIZE WORKER_CPU_REQUEST_PERCENT WORKER_WORKSPACE_GIB WORKER_TTL_SECONDS WORKER_SPOT WORKER_NODE_SELECTOR WORKER_PRIORITY_CLASS WORKER_RUNTIME_CLASS DOCKER_IN_DOCKER_IMAGE DOCKER_IN_DOCKER_LIMITS DOCKER_IN_DOCKER_STORAGE_GIB" $common $github)
  "gateway" (printf "%s %s GATEWAY_PORT ANTHROPIC_BASE_URL MODEL MODEL_IDLE_TIMEOUT_SECONDS GIT_PUSH_MAX_BYTES GCS_BUCKET GCS_API_ENDPOINT CONVERSATION_DIRECTORY SESSION_RETENTION_DAYS" $common $github)
  "streamer" (printf "%s SLACK_API_URL SLACK_PACE STREAM_LIFETIME_SECONDS THREAD_LEASE_SECONDS" $common)
-}}
{{- index $names .service -}}
{{- end -}}

{{/* The secret variables each service reads; those with ? need not be in the Secret. */}}
{{- define "peerbot.secretNames" -}}
{{- $names := dict
  "ingress" "REDIS_URL SLACK_BOT_TOKEN SLACK_APP_TOKEN? SLACK_SIGNING_SECRET?"
  "launcher" "REDIS_URL TOKEN_SECRET GITHUB_TOKEN SLACK_BOT_TOKEN BULL_BOARD_PASSWORD"
  "gateway" "REDIS_URL TOKEN_SECRET GITHUB_TOKEN ANTHROPIC_API_KEY"
  "streamer" "REDIS_URL SLACK_BOT_TOKEN"
-}}
{{- index $names .service -}}
{{- end -}}

{{/* What follows from the chart's own values, as YAML. */}}
{{- define "peerbot.derivedSettings" -}}
{{- $values := .root.Values -}}
{{- $fullname := include "peerbot.fullname" .root -}}
INTERNAL_PORT: "9090"
{{- if eq .service "ingress" }}
INGRESS_PORT: "3000"
DOCKER_IN_DOCKER: {{ $values.worker.docker.mode | quote }}
{{- else if eq .service "gateway" }}
GATEWAY_PORT: "3200"
GCS_BUCKET: {{ $values.gateway.conversations.bucket | quote }}
{{- if $values.gateway.conversations.volume.enabled }}
CONVERSATION_DIRECTORY: /conversations
{{- end }}
{{- else if eq .service "launcher" }}
{{- $sizes := list }}
{{- range $name := list "small" "standard" "large" }}
{{- $size := index $values.worker.sizes $name }}
{{- $sizes = append $sizes (printf "%s=%v:%v" $name $size.cpus $size.memoryGib) }}
{{- end }}
{{- $selector := list }}
{{- range $key, $value := $values.worker.nodeSelector }}
{{- $selector = append $selector (printf "%s=%s" $key $value) }}
{{- end }}
RUNNER: kubernetes
GATEWAY_URL: http://{{ $fullname }}-gateway.{{ .root.Release.Namespace }}.svc:3200
MAX_CONCURRENT_RUNS: {{ $values.launcher.runsPerReplica | quote }}
WARM_WORKERS: {{ $values.worker.warm | quote }}
KUBERNETES_NAMESPACE: {{ $values.worker.namespace | quote }}
KUBERNETES_INSTANCE: {{ $fullname | quote }}
WORKER_IMAGE: {{ include "peerbot.workerImage" .root | quote }}
WORKER_IMAGE_PULL_POLICY: {{ $values.image.pullPolicy }}
WORKER_IMAGE_PULL_SECRETS: {{ join "," $values.image.pullSecrets | quote }}
WORKER_SERVICE_ACCOUNT: {{ $fullname }}-worker
WORKER_SIZES: {{ join "," $sizes | quote }}
WORKER_SIZE: {{ $values.worker.defaultSize }}
WORKER_CPU_REQUEST_PERCENT: {{ $values.worker.cpuRequestPercent | quote }}
WORKER_WORKSPACE_GIB: {{ $values.worker.workspaceGib | quote }}
WORKER_SPOT: {{ $values.worker.spot | quote }}
WORKER_NODE_SELECTOR: {{ join "," $selector | quote }}
WORKER_PRIORITY_CLASS: {{ include "peerbot.priorityClass.worker" .root | quote }}
WORKER_RUNTIME_CLASS: {{ $values.worker.runtimeClass | quote }}
DOCKER_IN_DOCKER: {{ $values.worker.docker.mode | quote }}
DOCKER_IN_DOCKER_IMAGE: {{ $values.worker.docker.image | quote }}
DOCKER_IN_DOCKER_LIMITS: {{ printf "%v:%v" $values.worker.docker.cpus $values.worker.docker.memoryGib | quote }}
DOCKER_IN_DOCKER_STORAGE_GIB: {{ $values.worker.docker.storageGib | quote }}
{{- end }}
{{- end -}}

{{/* The environment of one service: (dict "root" $ "service" "ingress"). Empty settings are left out, as if unset. */}}
{{- define "peerbot.env" -}}
{{- $names := splitList " " (include "peerbot.settingNames" .) -}}
{{- $own := index .root.Values .service "settings" | default dict -}}
{{- $derived := include "peerbot.derivedSettings" . | fromYaml -}}
{{- range $name, $value := $own -}}
{{- if not (has $name $names) -}}
{{- fail (printf "%s.settings.%s: %s does not read this variable" $.service $name $.service) -}}
{{- end -}}
{{- if and (hasKey $derived $name) (ne (index $derived $name | toString) "") -}}
{{- fail (printf "%s.settings.%s: the chart sets this from its own values" $.service $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $derived -}}
{{- if not (has $name $names) -}}{{- fail (printf "%s is missing among the variables of %s" $name $.service) -}}{{- end -}}
{{- end -}}
{{- $shared := pick (.root.Values.settings | default dict) -}}
{{- range $name, $value := .root.Values.settings -}}
{{- if has $name $names -}}{{- $_ := set $shared $name $value -}}{{- end -}}
{{- end -}}
{{- $settings := merge (dict) $own $shared $derived -}}
{{- range $name := $names }}
{{- $value := get $settings $name | toString }}
{{- if ne $value "" }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- $secret := include "peerbot.secretName" .root }}
{{- range $name := splitList " " (include "peerbot.secretNames" .) }}
- name: {{ trimSuffix "?" $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ trimSuffix "?" $name }}
      {{- if hasSuffix "?" $name }}
      optional: true
      {{- end }}
{{- end }}
{{- end -}}
