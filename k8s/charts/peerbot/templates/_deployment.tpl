{{/* The Deployment of one service: (dict "root" $ "service" "ingress" "ports" (dict "http" 3000)). */}}
{{- define "peerbot.deployment" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .service -}}
{{- $fullname := include "peerbot.fullname" $root -}}
{{- $isScaled := or (and $values.autoscaling $values.autoscaling.enabled) (and $values.keda $values.keda.enabled) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $fullname }}-{{ .service }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "peerbot.labels" . | nindent 4 }}
spec:
  {{- if not $isScaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels: {{- include "peerbot.selectorLabels" . | nindent 6 }}
  strategy:
    {{- if .isAlone }}
    # Its volume is one pod's at a time.
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
    {{- end }}
  template:
    metadata:
      labels: {{- include "peerbot.labels" . | nindent 8 }}
      annotations:
        {{- if not $root.Values.secrets.existingSecret }}
        # New secrets are read by new pods.
        checksum/secrets: {{ omit $root.Values.secrets "existingSecret" | toJson | sha256sum }}
        {{- end }}
        {{- with $values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
        cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
    spec:
      serviceAccountName: {{ $fullname }}-{{ .service }}
      automountServiceAccountToken: {{ eq .service "launcher" }}
      enableServiceLinks: false
      # The service itself takes at most 25 seconds to hand over, after the 5 of preStop.
      terminationGracePeriodSeconds: 40
      {{- if $root.Values.priorityClasses.create }}
      priorityClassName: {{ include "peerbot.priorityClass.service" $root }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        seccompProfile: { type: RuntimeDefault }
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "peerbot.selectorLabels" . | nindent 14 }}
      containers:
        - name: {{ .service }}
          image: {{ include "peerbot.image" . | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          env: {{- include "peerbot.env" . | nindent 12 }}
          ports:
            - name: internal
              containerPort: 9090
            {{- range $name, $port := .ports }}
            - name: {{ $name }}
              containerPort: {{ $port }}
            {{- end }}
          startupProbe:
            httpGet: { path: /health, port: internal }
            periodSeconds: 2
            failureThreshold: 60
          readinessProbe:
            httpGet: { path: /ready, port: internal }
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 3
          livenessProbe:
            httpGet: { path: /health, port: internal }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            # Until everybody knows that this pod is leaving, it goes on answering.
            preStop: { sleep: { seconds: 5 } }
          resources: {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities: { drop: [ALL] }
            seccompProfile: { type: RuntimeDefault }
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- range $name, $path := .mounts }}
            - { name: {{ $name }}, mountPath: {{ $path }} }
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
        {{- range $name, $path := .mounts }}
        - name: {{ $name }}
          persistentVolumeClaim: { claimName: {{ $fullname }}-{{ $name }} }
        {{- end }}
{{- end -}}
