"""Keys of Synapse's homeserver.yaml that mean nothing here: one that is there gives a warning, not an error.

Names as in Synapse's configuration manual, its older releases included.
"""

from __future__ import annotations

_PROCESS = """
    manhole manhole_settings web_client gc_thresholds gc_min_interval soft_file_limit daemonize print_pidfile
    user cpu_affinity event_cache_size caches use_frozen_dicts synctl_cache_factor filter_timeline_limit
    full_twisted_stacktraces verbose log_file no_redirect_stdio dummy_events_threshold
    delete_stale_devices_after cleanup_extremities_with_dummy_events request_token_inhibit_3pid_errors
    background_updates server_context templates hs_disabled hs_disabled_message custom_template_directory
    databases start_pushers federation_sender_instances pusher_instances send_federation run_background_tasks_on
    update_user_directory_from_worker media_instance_running_background_jobs notify_appservices_from_worker
    instance_map stream_writers outbound_federation_restricted_to worker_app worker_name worker_listeners
    worker_manhole worker_daemonize worker_pid_file worker_log_config worker_replication_secret
    worker_replication_secret_path worker_replication_host worker_replication_port worker_replication_http_port
    worker_replication_http_tls worker_main_http_uri worker_log_file redis modules third_party_event_rules
    spam_checker password_providers experimental_features matrix_rtc
"""
_METRICS = """
    metrics_flags sentry opentracing report_stats_endpoint enable_legacy_metrics metrics_port metrics_bind_host
    federation_metrics_domains
"""
_SECRETS = """
    macaroon_secret_key macaroon_secret_key_path form_secret form_secret_path expire_access_token
    expire_access_token_lifetime
"""
_FEDERATION = """
    suppress_key_server_warning perspectives key_server_signing_keys_path tls_fingerprints acme no_tls
    tls_dh_params_path federation_rr_transactions_per_room_per_second allow_per_room_profiles bind_port
    bind_host unsecure_port
"""
_ACCOUNTS = """
    limit_usage_by_mau max_mau_value mau_trial_days mau_appservice_trial_days mau_limit_alerting mau_stats_only
    mau_limit_reserved_threepids include_profile_data_on_invite
    account_validity enable_registration_token_3pid_bypass allowed_local_3pids
    default_identity_server account_threepid_delegates trusted_third_party_id_servers
    bind_new_user_emails_to_sydent enable_3pid_lookup disable_msisdn_registration auto_join_mxid_localpart
    auto_join_rooms_for_guests autocreate_auto_join_rooms_federated autocreate_auto_join_room_preset
    replicate_user_profiles_to user_consent user_ips_max_age captcha_ip_origin_is_x_forwarded
    saml2_enabled saml2_config saml2_config_path oidc_providers oidc_config
    jwt_config jwt_enabled sso_config matrix_authentication_service enable_group_creation group_creation_prefix
    invite_client_location user_types
"""
_ROOMS = """
    retention forget_rooms_on_leave exclude_rooms_from_sync stats enable_room_alias_creation
    next_link_domain_whitelist max_avatar_size allowed_avatar_mimetypes thread_subscriptions
    room_invite_state_types room_prejoin_state track_puppeted_user_ips use_appservice_legacy_authorization
    appservice_max_txn_age default_policy_server auto_accept_invites limit_remote_rooms
"""
_MEDIA = """
    enable_media_repo media_storage_providers backup_media_store_path backup_media_store_synchronous
    uploads_path remote_media_download_burst_count remote_media_download_per_second
"""
_LIMITS = """
    rc_messages_per_second rc_message_burst_count federation_rc_window_size federation_rc_sleep_limit
    federation_rc_sleep_delay federation_rc_reject_limit federation_rc_concurrent
"""

#: Everything of the above.
IGNORED_KEYS = frozenset(
    "".join((_PROCESS, _METRICS, _SECRETS, _FEDERATION, _ACCOUNTS, _ROOMS, _MEDIA, _LIMITS)).split()
)
