-- Takes renewed certificates into use within a minute, without dropping a connection, and says what is in use and when it
-- expires, in the log and to the healthcheck. What is in use stands in prosody.foundry_certificates: host → { path, key_path, not_after, self_signed, problem }.

module:set_global()

local interval, day = 10, 86400

local host_certificates = require("foundry.host-certificates")
local certificates = require("foundry.certificates")
local report = require("foundry.certificate-report")

local told = {} -- sentence → when

local function is_host(name)
  return prosody.hosts[name] ~= nil
end

local function sentences()
  local result, wishes = host_certificates.latest()
  local hosts = {}
  for _, name in ipairs(wishes.hosts) do
    if is_host(name) or result.chosen[name] then hosts[#hosts + 1] = name end
  end
  return report(result, hosts, certificates.covers)
end

-- What was said is said again a day later, if it is a warning and still true.
local function tell()
  local now, still = os.time(), {}
  for _, entry in ipairs(sentences()) do
    local last = told[entry.sentence]
    still[entry.sentence] = last or now
    if not last or entry.level ~= "info" and last + day <= now then
      module:log(entry.level, "%s", entry.sentence)
      still[entry.sentence] = now
    end
  end
  told = still
end

local function problem_of(choice, now)
  if not choice then return "there is no certificate" end
  if choice.not_after <= now then return "the certificate has expired" end
  if choice.not_before > now then return "the certificate is not valid yet" end
  if choice.is_kept then return "the certificate is gone from the disk" end
end

local function publish()
  local result, wishes = host_certificates.latest()
  local now, map = os.time(), {}
  for _, host in ipairs(wishes.hosts) do
    local choice = result.chosen[host] or {}
    map[host] = {
      path = choice.path, key_path = choice.key_path, serial = choice.serial, fingerprint = choice.fingerprint,
      not_before = choice.not_before, not_after = choice.not_after, self_signed = choice.self_signed or false,
      problem = problem_of(result.chosen[host], now),
    }
  end
  prosody.foundry_certificates = map
end

local function look()
  publish()
  tell()
end

-- One that has expired makes the server unhealthy; all else is a warning.
module:hook("foundry-health", function(event)
  for _, entry in ipairs(sentences()) do
    if entry.level == "error" then event.problem("certificates", entry.sentence) end
    if entry.level == "warn" then event.warn("certificates", entry.sentence) end
  end
end)

module:hook_global("config-reloaded", look, -1000)
-- Before the report that the server serves.
module:hook_global("server-started", look, 10)

module:add_timer(interval, function()
  local worked, changed = pcall(host_certificates.has_changed)
  if not worked then
    module:log("error", "The certificates cannot be looked at: %s", changed)
  elseif changed then
    module:log("info", "Certificates have changed on disk")
    prosody.events.fire_event("config-reloaded", {})
  end
  look()
  return interval
end)

publish()
