-- Names, addresses and ports; what comes in over them, and how much.

local function interfaces(list, ipv6)
  local all = {}
  for _, name in ipairs(list) do
    if ipv6 or not name:find(":", 1, true) then all[#all + 1] = name end
    if name == "*" and ipv6 then all[#all + 1] = "::" end
  end
  return all
end

-- Without the root's key, libunbound believes every answer and calls none of them secure. With it, it refuses all where the
-- DNS server drops signatures, as Docker's own does with some: so only where it is of use.
local function unbound(values)
  local resolvers = values.PROSODY_DNS_RESOLVERS
  -- Podman gives a container without a network no such file, and libunbound does not start on one that is not there.
  local file = io.open("/etc/resolv.conf")
  if file then file:close() end
  if file and not resolvers and not values.PROSODY_USE_DANE then return nil end
  return {
    resolvconf = file ~= nil and not resolvers, forward = resolvers,
    trustfile = values.PROSODY_USE_DANE and "/usr/share/dns/root.key" or nil,
  }
end

-- The machine's name leads to the first domain, and to the first of each kind that belongs to no other: two under one name
-- would clash. Behind an address of the web's, all others are in folders of their own below it (mod_foundry_paths).
local function share_web(context, set, hostname, url)
  local base = url and url:match("^[^?#]*"):gsub("/*$", "/")
  local function belongs_elsewhere(name)
    for i = 2, #context.hosts do
      local other = context.hosts[i]
      if name == other or name:sub(-#other - 1) == "." .. other then return true end
    end
    return false
  end
  local taken = {}
  local function place(name, kind)
    if not taken[kind] and not belongs_elsewhere(name) then
      taken[kind] = true
      set(name, "http_host", hostname)
    elseif base then
      set(name, "http_external_url", base .. name .. "/")
      set(name, "foundry_http_folder", true)
    end
  end
  for _, host in ipairs(context.hosts) do place(host, "host") end
  for _, component in ipairs(context.components) do place(component.domain, component.type) end
end

-- The one name that everything on HTTP is under, where there is one. Without, each host answers to its own.
local function web_host(values)
  local url = values.PROSODY_HTTP_EXTERNAL_URL
  if not url then return values.PROSODY_NETWORK_HOSTNAME end
  return (url:match("^%a+://([^/?#]+)"):gsub("^.*@", ""):gsub(":%d+$", ""))
end

return function(context, set)
  local values, ipv6 = context.values, context.ipv6
  local hostname = values.PROSODY_NETWORK_HOSTNAME
  local web = web_host(values)
  if web then share_web(context, set, web, values.PROSODY_HTTP_EXTERNAL_URL) end
  set("global", "http_default_host", web or context.domain)
  set("global", "proxy65_address", hostname)
  local turn_host = values.PROSODY_TURN_HOST or hostname or context.domain
  set("global", "turn_external_host", turn_host)
  -- Releases up to 13.0.1, and trunk of that time, tell of TURN over TLS without a password for it.
  set("global", "turn_external_tls_port", not values.PROSODY_TURN_SECRET and values.PROSODY_TURN_TLS_PORT or context.nothing)
  if values.PROSODY_TURN_SECRET and values.PROSODY_TURN_TLS_PORT then
    set("global", "external_services", { {
      type = "turns", transport = "tcp", host = turn_host, port = values.PROSODY_TURN_TLS_PORT, algorithm = "turn",
      secret = values.PROSODY_TURN_SECRET, ttl = values.PROSODY_TURN_TTL,
    } })
  end

  set("global", "use_ipv6", ipv6)
  for _, name in ipairs({ "interfaces", "http_interfaces", "https_interfaces" }) do
    set("global", name, interfaces({ "*" }, ipv6))
  end
  set("global", "component_interfaces", interfaces(values.PROSODY_COMPONENT_INTERFACES, ipv6))
  set("global", "proxy65_ports", { values.PROSODY_PROXY65_PORT })

  -- Other servers speak on connections that were opened from here, too.
  local of_servers = { rate = values.PROSODY_S2S_RATE_LIMIT }
  set("global", "limits", { c2s = { rate = values.PROSODY_C2S_RATE_LIMIT }, s2sin = of_servers, s2sout = of_servers })
  set("global", "use_dane", values.PROSODY_USE_DANE)
  set("global", "unbound", unbound(values))
  set("global", "ssl", values.PROSODY_TRUSTED_CAS and { cafile = values.PROSODY_TRUSTED_CAS } or nil)
  if values.PROSODY_WEB_CLIENTS then context.enable("virtual-host", "bosh", "websocket", "http_altconnect") end
  if not values.PROSODY_S2S then context.disable("s2s", "dialback", "s2s_bidi") end
end
