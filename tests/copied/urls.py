from django.urls import include, path

urlpatterns = [path("strangler/", include("strangler.cutover.service.urls"))]
