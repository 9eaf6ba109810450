-- Whose network address that is, as far as limits are concerned.

local load = require("foundry.core")

local ip_of = load("util.ip")
local net = load("util.net")

local mapped = ("\0"):rep(10) .. "\255\255"

-- What one machine has: an IPv4 address, or all of an IPv6 network.
local function group_of(ip)
  local bytes = net.pton(ip)
  if not bytes or #bytes == 4 then return ip end
  if bytes:sub(1, 12) == mapped then return net.ntop(bytes:sub(13)) end
  return net.ntop(bytes:sub(1, 8) .. ("\0"):rep(8)) .. "/64"
end

-- Answers a function(ip): whether that is a proxy, which speaks for many.
local function proxies(trusted)
  local networks = {}
  for network in trusted:items() do networks[#networks + 1] = { ip_of.parse_cidr(network) } end
  return function(ip)
    local parsed = ip_of.new_ip(ip)
    for _, network in ipairs(networks) do
      if parsed and ip_of.match(parsed, network[1], network[2]) then return true end
    end
    return false
  end
end

return {
  group_of = group_of,
  -- Of a module's configuration.
  proxies_of = function(module)
    return proxies(module:get_option_set("trusted_proxies", { "127.0.0.1", "::1" }))
  end,
}
