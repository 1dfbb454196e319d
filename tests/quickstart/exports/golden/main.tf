# The AI gateway's configuration for Kong Konnect: terraform init, then terraform apply.
# The token is read from KONNECT_TOKEN.

terraform {
  required_providers {
    konnect = {
      source = "kong/konnect"
      version = ">= 3.14"
    }
  }
}

variable "konnect_region" {
  description = "us, eu, au, me, in or sg"
  type = string
  default = "us"
}

provider "konnect" {
  server_url = "https://${var.konnect_region}.api.konghq.com"
}

resource "konnect_gateway_control_plane" "ai_gateway" {
  name = "ai-gateway"
  cluster_type = "CLUSTER_TYPE_CONTROL_PLANE"
  auth_type = "pinned_client_certs"
}

resource "konnect_gateway_service" "openai_api" {
  name = "openai-api"
  protocol = "https"
  host = "api.openai.com"
  port = 443
  path = "/v1"
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_route" "chat" {
  name = "chat"
  paths = ["/openai/chat"]
  service = {
    id = konnect_gateway_service.openai_api.id
  }
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_plugin_ai_proxy" "chat_ai_proxy" {
  config = {
    route_type = "llm/v1/chat"
    auth = {
      header_name = "Authorization"
      header_value = "{vault://env/openai-auth-header}"
    }
    model = {
      provider = "openai"
      name = "gpt-6-luna"
    }
  }
  route = {
    id = konnect_gateway_route.chat.id
  }
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_plugin_prometheus" "openai_api_prometheus" {
  service = {
    id = konnect_gateway_service.openai_api.id
  }
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_upstream" "models" {
  name = "models"
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_target" "models_target_192_0_2_1_443" {
  target = "192.0.2.1:443"
  upstream_id = konnect_gateway_upstream.models.id
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}

resource "konnect_gateway_vault" "env" {
  name = "env"
  prefix = "team"
  config = jsonencode({prefix = "TEAM_"})
  control_plane_id = konnect_gateway_control_plane.ai_gateway.id
}
