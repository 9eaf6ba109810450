-- type of an option → function(text, option) that gives the value, or nil and what is wrong with the text.

local did_you_mean = require("foundry.nearest")

local function split(text)
  local items = {}
  for item in text:gmatch("[^%s,]+") do items[#items + 1] = item end
  return items
end

local booleans = {
  ["true"] = true, yes = true, on = true, ["1"] = true,
  ["false"] = false, no = false, off = false, ["0"] = false,
}

local function boolean(text)
  local value = booleans[text:lower()]
  if value == nil then return nil, "is neither true nor false (true, yes, on, 1; false, no, off, 0)." end
  return value
end

local function choose(text, choices)
  for _, choice in ipairs(choices) do
    if choice:lower() == text:lower() then return choice end
  end
  return nil, ("is none of %s.%s"):format(table.concat(choices, ", "), did_you_mean(text:lower(), choices))
end

-- Bytes above 127 are let through: Prosody itself prepares names in other scripts.
local function domain(text)
  local bad = #text > 253 or text:find("[^%w.\128-\255-]") or ("." .. text .. "."):find("%.%-") or text:find("..", 1, true)
    or text:find("^%.") or text:find("[.-]$")
  if bad then return nil, "is no domain name." end
  return text:lower()
end

-- Each item by itself; the first bad one is told.
local function list_of(parse_item, what)
  return function(text, option)
    local values = {}
    for _, item in ipairs(split(text)) do
      local value = parse_item(item, option)
      if value == nil then return nil, ("holds %q, which is %s."):format(item, what) end
      values[#values + 1] = value
    end
    return values
  end
end

-- What no option needs more of: a billion gigabytes are a number of bytes still.
local most_of_all, most_days, most_bytes = 1000000000, 1000000, 1000000000000000

local function number(text, option)
  local value = tonumber(text)
  if not value or value ~= value or math.abs(value) == math.huge then return nil, "is no number." end
  local most = option.most or most_of_all
  if option.least and value < option.least then return nil, ("is less than %s."):format(option.least) end
  if value > most then return nil, ("is more than %s."):format(most) end
  return value
end

local function integer(text, option)
  local value, wrong = number(text, option)
  if value and not math.tointeger(value) then return nil, "is no whole number." end
  return value and math.tointeger(value), wrong
end

local function port(text)
  local value = math.tointeger(tonumber(text))
  if not value or value < 1 or value > 65535 then return nil, "is no port (1 to 65535)." end
  return value
end

local function address(text)
  local user, host = text:match("^([^@/%s]+)@([^@/%s]+)$")
  if not user or not domain(host) then return nil, "is no address (user@domain)." end
  return user .. "@" .. host:lower()
end

local function ipv4(text)
  local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  for _, part in ipairs({ a, b, c, d }) do
    if tonumber(part) > 255 then return false end
  end
  return a ~= nil
end

local function ipv6(text)
  if not text:find("^[%x:.]+$") or not text:find(":.*:") or text:find(":::") then return false end
  local groups = 0
  for part in text:gmatch("[^:]+") do
    groups = groups + (part:find(".", 1, true) and 2 or 1)
    if part:find(".", 1, true) and not ipv4(part) or not part:find(".", 1, true) and #part > 4 then return false end
  end
  return text:find("::", 1, true) and groups < 8 or groups == 8
end

local function ip(text)
  if ipv4(text) or ipv6(text) then return text end
  return nil, "is no IP address."
end

local function network(text)
  local base, bits = text:match("^([^/]+)/(%d+)$")
  base = base or text
  if not ip(base) or bits and tonumber(bits) > (ipv4(base) and 32 or 128) then
    return nil, "is no IP address or network (10.0.0.0/8)."
  end
  return text
end

local function url(text)
  if not text:find("^https?://[^%s/?#]+[^%s]*$") then return nil, "is no address of the web (https://…)." end
  return text
end

local function link(text)
  if not text:find("^%a[%w+.-]*:%S+$") then return nil, "is no address with a scheme (mailto:…, xmpp:…, https://…)." end
  return text
end

-- Prosody takes a path that does not start with / as one beside its configuration.
local function path(text)
  if text:find("[%z\n]") then return nil, "is no path." end
  return text:sub(1, 1) == "/" and text or "/etc/prosody/" .. text
end

local units = { s = 1, m = 60, h = 3600, d = 86400, w = 604800, y = 31557600 }
local words = { second = "s", minute = "m", min = "m", hour = "h", day = "d", week = "w", year = "y" }

local function seconds(text)
  local count, unit = text:match("^%s*(%d+)%s*(%a*)%s*$")
  local singular = unit and unit:lower():gsub("s$", "")
  local factor = unit == "" and 1 or unit and (units[unit:lower()] or units[words[singular]])
  local value = factor and tonumber(count) * 1.0 * factor -- an integer would wrap
  return value and value <= most_days * units.d and math.tointeger(value) or nil
end

-- Seconds: "90", "10 minutes", "1w".
local function period(text, option)
  for _, word in ipairs(option.words or {}) do
    if text:lower() == word then return word end
  end
  local value = seconds(text)
  if not value then return nil, "is no time (90s, 10m, 12h, 3d, 1w)." end
  return value
end

-- Seconds, or never: what Prosody itself keeps so long (util.human.io), where m is a month.
local function expiry(text)
  local month = text:lower():match("^%s*(%d+)%s*m$") or text:lower():match("^%s*(%d+)%s*mon?t?h?s?%s*$")
  if text:lower() == "never" or text:find("^%s*%-%d+%s*$") then return "never" end
  local value = seconds(month and ("%.0fd"):format(tonumber(month) * 31.0) or text)
  if not value or value == 0 then return nil, "is no time that something is kept (12h, 3d, 1w, 6 months, 1y, never)." end
  return value
end

local function days(text)
  if text:lower() == "never" then return "never" end
  local value = number(text, { least = 0, most = most_days })
  if not value or value == 0 then return nil, "is no number of days above 0 (a million at most), nor never." end
  return value
end

local factors = { [""] = 1, b = 1, k = 1024, kb = 1024, m = 1024 ^ 2, mb = 1024 ^ 2, g = 1024 ^ 3, gb = 1024 ^ 3 }

-- Bytes.
local function size(text, option)
  local count, unit = text:lower():match("^%s*([%d.]+)%s*(%a*)$")
  local factor = unit and factors[(unit:gsub("ib$", "b"))]
  if not tonumber(count) or not factor then return nil, "is no size (4096, 512kb, 10mb)." end
  local bytes = math.floor(math.min(tonumber(count) * factor, most_bytes + 1))
  return integer(tostring(bytes), { least = option.least, most = option.most or most_bytes })
end

local function rate(text)
  local digits = text:lower():match("^(%d+)%s*[kmg]?b/s$")
  if not digits or tonumber(digits) > most_of_all then return nil, "is no rate (10kb/s, 1mb/s)." end
  return text:lower():gsub("%s", "") .. ""
end

-- Of Prosody and of the modules of this image.
local stores = {
  "account_activity", "account_details", "account_flags", "account_roles", "accounts", "accounts_cleanup", "archive",
  "archive2", "archive_cleanup", "archive_prefs", "audit", "audit_status", "auth_tokens", "blocklist", "blocklist_archive",
  "clients", "cloud_notify", "config", "cron", "csi_muc_priorities", "fast_tokens", "firewall_marks", "group_info", "groups",
  "invite_api_keys", "invite_token", "invites_tracking", "lastlog2", "muc_log", "muc_log_cleanup", "offline",
  "password_reset", "pep", "pep_data", "persistent", "privacy", "private", "pubsub_data", "pubsub_nodes",
  "push2_registrations", "roles", "roster", "skeletons", "smacks_h", "state", "tombstones", "unified_push", "upload_stats",
  "uploads", "uploads-archive", "vcard", "vcard_muc",
}
local backends = { "internal", "sql", "memory", "none" }

local parse = {
  text = function(text) return text end,
  boolean = boolean,
  choice = function(text, option) return choose(text, option.choices) end,
  domain = domain,
  domains = list_of(domain, "no domain name"),
  addresses = list_of(address, "no address (user@domain)"),
  number = number,
  integer = integer,
  port = port,
  ports = function(text)
    if text:lower() == "none" then return {} end
    return list_of(port, "no port (1 to 65535)")(text)
  end,
  ["addresses-ip"] = list_of(ip, "no IP address"),
  network = network,
  networks = list_of(network, "no IP address or network (10.0.0.0/8)"),
  interfaces = list_of(function(item) return item == "*" and item or ip(item) end, "neither an IP address nor *"),
  url = url,
  links = list_of(link, "no address with a scheme (mailto:…, xmpp:…, https://…)"),
  folder = path,
  file = path,
  glob = path,
  folders = list_of(path, "no path"),
  period = period,
  expiry = expiry,
  days = days,
  size = size,
  rate = rate,
}

function parse.account(text)
  if text:find("@", 1, true) then return address(text) end
  if text:find("[%s@/<>\"'&:]") then return nil, "is no address, nor its part before the @." end
  return text
end

function parse.component(text)
  if text:lower() == "none" then return "none" end
  return domain(text)
end

function parse.stores(text)
  local kept = {}
  for _, item in ipairs(split(text)) do
    local store, backend = item:match("^([%w_-]+):(%a+)$")
    if not store then return nil, ("holds %q, which is no store:backend."):format(item) end
    local known = choose(store, stores)
    if not known then
      return nil, ("holds the store %q, which no module of this image has (`storage` in a file in conf.d takes any).%s"):format(
        store, did_you_mean(store:lower(), stores))
    end
    local wrong
    kept[known], wrong = choose(backend, backends)
    if not kept[known] then return nil, ("holds the backend %q, which %s"):format(backend, wrong) end
  end
  return kept
end

-- { { domain =, type = }, … }; whether there are such modules is asked once all folders are known.
function parse.components(text)
  local list = {}
  for _, item in ipairs(split(text)) do
    local name, kind = item:match("^([^:]+):([%w_]+)$")
    if not name or not domain(name) then return nil, ("holds %q, which is no domain:type."):format(item) end
    list[#list + 1] = { domain = domain(name), type = kind }
  end
  return list
end

-- In a file each line is one, so that a secret may hold commas and spaces.
local function split_lines(text)
  local lines = {}
  for line in text:gmatch("[^\r\n]+") do
    line = line:match("^%s*(.-)%s*$")
    if line ~= "" then lines[#lines + 1] = line end
  end
  return lines
end

local in_file = "A secret with a comma or a space in it goes into a file, a line for each component."

-- { { domain =, secret = or nil }, … } Nothing of the text is told: all of it may be part of a secret that was taken apart.
function parse.external(text, _, is_file)
  local list = {}
  for i, item in ipairs((is_file and split_lines or split)(text)) do
    local name, secret = item:match("^([^:]+):(.+)$")
    local host = domain(name or item)
    if not host or not host:find(".", 1, true) then return nil, ("holds, as number %d, what is no domain:secret. %s"):format(i, in_file) end
    if is_file and (secret or ""):find("[%s,][%w-]+%.[%w.-]+:") then
      return nil, ("holds, on line %d, several components: each has a line of its own in a file."):format(i)
    end
    local before = list[#list]
    if not is_file and not secret and before and before.secret then
      return nil, ("holds, as number %d, what has no secret, after one that has: put names without one first. %s"):format(i, in_file)
    end
    list[#list + 1] = { domain = host, secret = secret }
  end
  return list
end

-- Servers of LDAP that are asked in turn, as its library has them: all are host, or host:port, or all are addresses.
function parse.ldap(text)
  local servers, has = {}, {}
  for _, item in ipairs(split(text)) do
    local scheme, rest = item:match("^(%a+)://(.-)/?$")
    scheme, rest = scheme and scheme:lower(), rest or item
    local is_known = not scheme or scheme == "ldap" or scheme == "ldaps"
    local host, number = rest:match("^(.-):(%d+)$")
    host = host or rest
    if not is_known or not (host:find("^[%w._\128-\255-]+$") or ipv6(host:match("^%[(.*)%]$") or "")) or number and not port(number) then
      return nil, ("holds %q, which is neither host, host:port nor ldaps://host."):format(item)
    end
    has[scheme or "ldap"], has.scheme = true, has.scheme or scheme
    servers[#servers + 1] = { scheme = scheme or "ldap", rest = rest }
  end
  if has.ldap and has.ldaps then return nil, "holds servers with ldaps:// and without: it is all or none." end
  for i, server in ipairs(servers) do servers[i] = (has.scheme and server.scheme .. "://" or "") .. server.rest end
  return table.concat(servers, " ")
end

-- Names without mod_; whether there are such modules is asked once all folders are known.
function parse.modules(text)
  local names = {}
  for _, item in ipairs(split(text)) do
    if not item:find("^[%w_-]+$") then return nil, ("holds %q, which is no name of a module."):format(item) end
    names[#names + 1] = item:gsub("^mod_", "") .. ""
  end
  return names
end

return parse
