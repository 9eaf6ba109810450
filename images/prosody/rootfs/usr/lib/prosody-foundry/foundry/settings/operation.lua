-- What whoever runs the server sees of it.

return function(context, set)
  local values = context.values
  set("global", "log", { { levels = { min = values.PROSODY_LOGLEVEL }, to = "console" } })
  set("global", "gc", { mode = values.PROSODY_GC })
  if values.PROSODY_STATISTICS ~= "internal" then return end
  set("global", "statistics", "internal")
  set("global", "statistics_interval", values.PROSODY_STATISTICS_INTERVAL)
  set("global", "openmetrics_allow_cidr", values.PROSODY_METRICS_NETWORK)
  context.enable("virtual-host", "http_openmetrics")
end
