# Every page
provider = Proveedor Demo
client-label = Aplicación
for-developer = Para quien desarrolla la aplicación
for-developer-of = Para quien desarrolla { $client }

# Signing in
sign-in-title = Iniciar sesión
sign-in-error-title = Error: Iniciar sesión
sign-in-for = Inicia sesión para continuar en { $client }. No verá tu contraseña.
sign-in-leads-to = Después de iniciar sesión, irás a { $address }.
sign-in-username = Nombre de usuario
sign-in-password = Contraseña
sign-in-button = Iniciar sesión
sign-in-error = Aún no has iniciado sesión
sign-in-credentials = El nombre de usuario o la contraseña no son correctos.
sign-in-username-missing = Escribe tu nombre de usuario.
sign-in-password-missing = Escribe tu contraseña.
sign-in-expired = Ha pasado demasiado tiempo o el formulario es de otro navegador. Inicia sesión de nuevo.

# The question
ask-title = ¿Quieres cerrar la sesión en { provider }?
ask-client = La petición viene en nombre de { $client }.
ask-user = Has iniciado sesión como { $user }.
ask-repeated = No se ha podido usar tu primera respuesta. Responde de nuevo.
ask-returns = Al cerrar la sesión, volverás a { $client }.
ask-stays = Al cerrar la sesión, te quedarás aquí.
ask-yes = Sí, cerrar la sesión
ask-no = No, mantenerla abierta
ask-reasons = Por qué te preguntamos
ask-no-hint = La petición no dice para qué cuenta es, así que cualquiera podría haberla hecho.
ask-invalid-hint = La aplicación ha enviado una prueba de quién eres que no es válida.
ask-subject-unknown = No podemos saber si la petición es para tu cuenta.
ask-other-subject = La petición es para otra cuenta, no para la tuya.
ask-other-session = La petición es para otra sesión, no para la de este navegador.
ask-no-client-session = No has entrado en esta aplicación durante esta sesión.
ask-hint-without-sid = La petición no dice para cuál de tus sesiones es.
ask-unknown-client = La petición nombra una aplicación que aquí no se conoce.
ask-policy = Siempre se te pregunta antes de cerrar la sesión.
ask-confirmation-invalid = Tu respuesta venía de una página anterior o has vuelto a iniciar sesión desde entonces.
ask-confirmation-expired = Tu respuesta llegó más de 10 minutos después de la pregunta.
ask-other = Tienes que confirmar la petición.

# A form that is posted again
resubmit-title = Un momento
resubmit-text = Tu petición de cerrar la sesión está en camino. Si no ocurre nada, pulsa el botón.
resubmit-button = Continuar

# After the answer
signed-out-title = Has cerrado la sesión
signed-out-ended = Tu sesión en este navegador ha terminado.
signed-out-elsewhere = La sesión que la aplicación ha indicado se ha cerrado.
signed-out-everywhere = Tus sesiones en todos los navegadores han terminado.
signed-out-nobody = Este navegador no tenía ninguna sesión aquí, así que no había nada que cerrar.
signed-out-told = Estas aplicaciones también han cerrado tu sesión:
signed-out-frames = Esta página está avisando a estas aplicaciones:
signed-out-pending = Aún no hemos podido avisar a estas aplicaciones y seguimos intentándolo:
signed-out-not-ended = Lo que sigue abierto
signed-out-clients = Puede que sigas dentro de estas aplicaciones. Cierra la sesión también allí.
signed-out-sessions =
    { $count ->
        [one] Tienes una sesión más, en otro navegador.
       *[other] Tienes { $count } sesiones más, en otros navegadores.
    }
signed-out-sign-in = Iniciar sesión
front-channel-title = Has cerrado la sesión
front-channel-text = Tu sesión aquí ha terminado. Cerrando tu sesión también en estas aplicaciones:
front-channel-goes-on = En un momento vuelves a { $client }. Si no ocurre nada, pulsa el botón.
front-channel-goes-on-unnamed = En un momento sigues adelante. Si no ocurre nada, pulsa el botón.
front-channel-continue = Continuar a { $client }
front-channel-continue-unnamed = Continuar
frame-title = Cerrando la sesión en { $client }
declined-title = Tu sesión sigue abierta
declined-user = Has iniciado sesión como { $user }. No ha cambiado nada.
declined-client = Para seguir con { $client }, ábrela de nuevo.
declined-account = Tu cuenta

# Requests to sign out that are refused
refusal-title = No se ha podido cerrar la sesión
refusal-still = Tu sesión sigue abierta
refusal-offer = Has iniciado sesión como { $user }. Puedes cerrar la sesión aquí.
refusal-offer-unnamed = Puedes cerrar la sesión aquí.
refusal-button = Cerrar la sesión
refusal-account = Ver si tienes una sesión abierta
refusal-request-too-large = La aplicación ha enviado una petición demasiado grande.
refusal-malformed-request = La aplicación ha enviado una petición con caracteres que no se pueden leer.
refusal-duplicate-parameter = La aplicación ha enviado una petición que dice lo mismo más de una vez.
refusal-head-request = La aplicación solo ha comprobado si esta página existe. No se ha hecho nada.
refusal-method-not-allowed = La aplicación ha llamado a esta página de una forma que no se admite.
refusal-unsupported-media-type = La aplicación ha enviado su petición en un formato que no se admite.
refusal-state-too-long = La aplicación ha enviado un valor para su propio uso (el «state») demasiado largo.
refusal-state-too-short = La aplicación ha enviado un valor para su propio uso (el «state») demasiado corto para ser seguro.
refusal-state-missing = La aplicación no ha enviado un valor para su propio uso (el «state»), que aquí es obligatorio.
refusal-redirect-uri-missing = La aplicación no ha dicho adónde debes ir después de cerrar la sesión.
refusal-id-token-hint-refused = La aplicación ha enviado una prueba de quién eres, que aquí no se acepta.
refusal-id-token-hint-missing = La aplicación no ha enviado una prueba de quién eres.
refusal-client-missing = La aplicación no ha dicho cuál es.
refusal-client-mismatch = La aplicación ha dado dos nombres distintos de sí misma.
refusal-client-unknown = La aplicación no se conoce aquí.
refusal-redirect-uri-not-registered = La aplicación quiere enviarte a una dirección que no tiene registrada.
refusal-prefetch = Tu navegador ha abierto esta página antes de que la pidieras. No se ha hecho nada.
refusal-embedded-request = La aplicación lo ha pedido desde dentro de su propia página, donde no podemos ver si tienes una sesión abierta. Abre esta página en una ventana propia.
refusal-session-cookie-missing = Tu navegador no nos ha mostrado tu sesión, así que no se ha cerrado.
refusal-host-error = Hemos cometido un error. La aplicación no tiene la culpa.
refusal-other = La aplicación ha enviado una petición que aquí no se acepta.
hint-too-large = La aplicación ha enviado una prueba de quién eres demasiado grande.
hint-encrypted = La aplicación ha enviado una prueba de quién eres cifrada, que aquí no se puede leer.
hint-malformed = La aplicación ha enviado una prueba de quién eres dañada.
hint-type = La aplicación ha enviado otra cosa en lugar de una prueba de quién eres.
hint-algorithm = La aplicación ha enviado una prueba de quién eres firmada de una forma que no se le permite.
hint-key = La aplicación ha enviado una prueba de quién eres firmada con una clave que aquí no se conoce.
hint-signature = La aplicación ha enviado una prueba de quién eres cuya firma es incorrecta.
hint-issuer = La aplicación ha enviado una prueba de quién eres hecha por otro proveedor.
hint-not-yet-valid = La aplicación ha enviado una prueba de quién eres con fecha futura.
hint-expired = La aplicación ha enviado una prueba de quién eres demasiado antigua.
hint-audience = La aplicación ha enviado una prueba de quién eres que no dice para qué aplicación se hizo.
hint-rejected = La aplicación ha enviado una prueba de quién eres que ya no aceptamos.

# Other errors
error-title = No ha funcionado
error-authorization-title = No se ha podido iniciar sesión
error-home = Ir a la página de inicio
error-client-missing = La aplicación que te ha enviado aquí no ha dicho cuál es.
error-client-unknown = La aplicación que te ha enviado aquí no se conoce.
error-redirect-uri-missing = La aplicación que te ha enviado aquí no ha dicho adónde devolverte.
error-redirect-uri-not-registered = La aplicación que te ha enviado aquí quiere devolverte a una dirección que no tiene registrada, así que te quedas aquí.
error-malformed-request = La aplicación que te ha enviado aquí ha hecho una petición con caracteres que no se pueden leer.
error-duplicate-parameter = La aplicación que te ha enviado aquí ha hecho una petición que dice lo mismo más de una vez.
error-bad-request = La petición no se entiende.
error-request-too-large = La petición es demasiado grande.
error-not-found = Esta página no existe.
error-method-not-allowed = A esta página no se la puede llamar así.
error-internal = Hemos cometido un error. Inténtalo más tarde.
attempts-title = Demasiados intentos
attempts-text =
    { $minutes ->
        [one] El inicio de sesión ha fallado demasiadas veces. Espera un minuto e inténtalo de nuevo.
       *[other] El inicio de sesión ha fallado demasiadas veces. Espera { $minutes } minutos e inténtalo de nuevo.
    }
attempts-again = Volver a iniciar sesión

# The account
account-title = Tu cuenta
account-name = Nombre
account-username = Nombre de usuario
account-since = Sesión abierta desde
account-sign-out = Cerrar la sesión
account-everywhere = Cerrar la sesión en todas partes
account-clients = Aplicaciones
account-takes-part = Has entrado en ella durante esta sesión.

# The client to try it with
client-home-title = No has iniciado sesión
client-home-text = Esta aplicación usa { provider } para iniciar tu sesión.
client-signed-out-title = Has vuelto, con la sesión cerrada
client-returned-title = Has vuelto
client-signed-out-text = El proveedor te ha enviado de vuelta aquí.
client-state = El state que ha vuelto
client-state-matches = Es el mismo que envió esta aplicación.
client-state-differs = No es el mismo que envió esta aplicación. Una aplicación de verdad lo trataría como un error.
client-state-missing = No ha vuelto ningún state.
client-sign-in = Iniciar sesión con { provider }
client-account-title = Has iniciado sesión
client-claims = Lo que el ID Token dice de ti
client-claim = Claim
client-value = Valor
client-sign-outs = Formas de cerrar la sesión
client-forget = Cerrar la sesión solo aquí
client-forget-text = Tu sesión en el proveedor sigue abierta.
client-error-title = No has iniciado sesión
client-error-text = El proveedor te ha enviado de vuelta sin iniciar sesión.
client-error-code = Error
sign-out-hint = Cerrar la sesión
sign-out-hint-text = Con el ID Token como indicio: el proveedor cierra tu sesión y te envía de vuelta.
sign-out-hint-post = Cerrar la sesión por POST
sign-out-hint-post-text = Lo mismo desde un formulario. El proveedor se lo envía antes a sí mismo, para que llegue su cookie.
sign-out-client-id = Cerrar la sesión sin indicio
sign-out-client-id-text = Solo con el client_id: el proveedor te pregunta antes.
sign-out-no-redirect = Cerrar la sesión y quedarse allí
sign-out-no-redirect-text = Sin post_logout_redirect_uri: te quedas en el proveedor.
sign-out-unregistered-uri = Ir a una dirección desconocida
sign-out-unregistered-uri-text = Con un post_logout_redirect_uri que no está registrado: se rechaza.
sign-out-broken-hint = Enviar un indicio falsificado
sign-out-broken-hint-text = Con un ID Token cuya firma es incorrecta: se rechaza.
sign-out-long-state = Enviar un state largo
sign-out-long-state-text = Con un state más largo de lo que admite el proveedor: se rechaza.
