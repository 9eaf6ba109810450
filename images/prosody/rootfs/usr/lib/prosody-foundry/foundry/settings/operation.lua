-- What whoever runs the server sees of it.

-- The ! is for UTC.
local rfc3339 = "!%Y-%m-%dT%H:%M:%SZ"

return function(context, set)
  local values = context.values
  set("global", "log", { { levels = { min = values.PROSODY_LOGLEVEL }, to = "console", timestamps = values.PROSODY_LOG_TIMESTAMPS and rfc3339 } })
  set("global", "gc", { mode = values.PROSODY_GC })
  if values.PROSODY_STATISTICS == "none" then return end
  set("global", "statistics", values.PROSODY_STATISTICS)
  set("global", "statistics_interval", values.PROSODY_STATISTICS_INTERVAL)
  if values.PROSODY_STATISTICS ~= "internal" then return end
  set("global", "openmetrics_allow_cidr", values.PROSODY_METRICS_NETWORK)
  context.enable("virtual-host", "http_openmetrics")
end
