"""The values that pass between the parts: frozen, keyword-only, times aware and in UTC."""
