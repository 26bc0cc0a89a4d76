{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- /* A pod's specification that ends at once. */}}
{{- define "once" -}}
restartPolicy: Never
serviceAccountName: {{ .serviceAccount | default "default" }}
containers:
  - name: main
    image: {{ .image }}
    command: [sh, -c, {{ .fails | ternary "exit 1" "true" | quote }}]
{{- end }}
