"""Codes of three letters for languages and countries, and the two letters that medialib's values hold.

The pairs are those of ISO 639-2 and ISO 3166-1, as the Unicode CLDR lists them (``languageAlias``, ``territoryAlias``).
"""

from __future__ import annotations

from typing import Final

__all__ = ["country_code", "language_code", "language_codes"]

_LANGUAGES: Final = """
aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul bi=bis
bm=bam bn=ben bo=bod,tib br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=ces,cze cu=chu cv=chv cy=cym,wel da=dan
de=deu,ger dv=div dz=dzo ee=ewe el=ell,gre en=eng eo=epo es=spa et=est eu=eus,baq fa=fas,per ff=ful fi=fin fj=fij
fo=fao fr=fra,fre fy=fry ga=gle gd=gla gl=glg gn=grn gu=guj gv=glv ha=hau he=heb hi=hin ho=hmo hr=hrv ht=hat hu=hun
hy=hye,arm hz=her ia=ina id=ind ie=ile ig=ibo ii=iii ik=ipk io=ido is=isl,ice it=ita iu=iku ja=jpn jv=jav ka=kat,geo
kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur kv=kom kw=cor ky=kir la=lat lb=ltz
lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mri,mao mk=mkd,mac ml=mal mn=mon mr=mar ms=msa,may
mt=mlt my=mya,bur na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld,dut nn=nno no=nor nr=nbl nv=nav ny=nya oc=oci oj=oji
om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh rn=run ro=ron,rum ru=rus rw=kin sa=san sc=srd
sd=snd se=sme sg=sag si=sin sk=slk,slo sl=slv sm=smo sn=sna so=som sq=sqi,alb sr=srp ss=ssw st=sot su=sun sv=swe
sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl,fil tn=tsn to=ton tr=tur ts=tso tt=tat ty=tah ug=uig uk=ukr
ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho yi=yid yo=yor za=zha zh=zho,chi zu=zul
"""
"""ISO 639-1 = ISO 639-2 by terminology, then other codes in use: that by bibliography, ``fil``."""

_COUNTRIES: Final = """
and=AD are=AE afg=AF atg=AG aia=AI alb=AL arm=AM ago=AO ata=AQ arg=AR asm=AS aut=AT aus=AU abw=AW ala=AX aze=AZ
bih=BA brb=BB bgd=BD bel=BE bfa=BF bgr=BG bhr=BH bdi=BI ben=BJ blm=BL bmu=BM brn=BN bol=BO bes=BQ bra=BR bhs=BS
btn=BT bvt=BV bwa=BW blr=BY blz=BZ can=CA cck=CC cod=CD caf=CF cog=CG che=CH civ=CI cok=CK chl=CL cmr=CM chn=CN
col=CO cri=CR cub=CU cpv=CV cuw=CW cxr=CX cyp=CY cze=CZ deu=DE dji=DJ dnk=DK dma=DM dom=DO dza=DZ ecu=EC est=EE
egy=EG esh=EH eri=ER esp=ES eth=ET fin=FI fji=FJ flk=FK fsm=FM fro=FO fra=FR gab=GA gbr=GB grd=GD geo=GE guf=GF
ggy=GG gha=GH gib=GI grl=GL gmb=GM gin=GN glp=GP gnq=GQ grc=GR sgs=GS gtm=GT gum=GU gnb=GW guy=GY hkg=HK hmd=HM
hnd=HN hrv=HR hti=HT hun=HU idn=ID irl=IE isr=IL imn=IM ind=IN iot=IO irq=IQ irn=IR isl=IS ita=IT jey=JE jam=JM
jor=JO jpn=JP ken=KE kgz=KG khm=KH kir=KI com=KM kna=KN prk=KP kor=KR kwt=KW cym=KY kaz=KZ lao=LA lbn=LB lca=LC
lie=LI lka=LK lbr=LR lso=LS ltu=LT lux=LU lva=LV lby=LY mar=MA mco=MC mda=MD mne=ME maf=MF mdg=MG mhl=MH mkd=MK
mli=ML mmr=MM mng=MN mac=MO mnp=MP mtq=MQ mrt=MR msr=MS mlt=MT mus=MU mdv=MV mwi=MW mex=MX mys=MY moz=MZ nam=NA
ncl=NC ner=NE nfk=NF nga=NG nic=NI nld=NL nor=NO npl=NP nru=NR niu=NU nzl=NZ omn=OM pan=PA per=PE pyf=PF png=PG
phl=PH pak=PK pol=PL spm=PM pcn=PN pri=PR pse=PS prt=PT plw=PW pry=PY qat=QA reu=RE rou=RO srb=RS rus=RU rwa=RW
sau=SA slb=SB syc=SC sdn=SD swe=SE sgp=SG shn=SH svn=SI sjm=SJ svk=SK sle=SL smr=SM sen=SN som=SO sur=SR ssd=SS
stp=ST slv=SV sxm=SX syr=SY swz=SZ tca=TC tcd=TD atf=TF tgo=TG tha=TH tjk=TJ tkl=TK tls=TL tkm=TM tun=TN ton=TO
tur=TR tto=TT tuv=TV twn=TW tza=TZ ukr=UA uga=UG umi=UM usa=US ury=UY uzb=UZ vat=VA vct=VC ven=VE vgb=VG vir=VI
vnm=VN vut=VU wlf=WF wsm=WS yem=YE myt=YT zaf=ZA zmb=ZM zwe=ZW
"""
"""ISO 3166-1: alpha-3, in lower case, = alpha-2."""

_THREE_OF: Final = {two: tuple(three.split(",")) for two, three in (pair.split("=") for pair in _LANGUAGES.split())}
_TWO_OF: Final = {three: two for two, codes in _THREE_OF.items() for three in (two, *codes)}
_COUNTRY_OF: Final = dict(pair.split("=") for pair in _COUNTRIES.split())


def language_code(code: str) -> str | None:
    """The ISO 639-1 code of a language given by two or three letters, in any case; None where it has none.

    >>> language_code("jpn"), language_code("ger"), language_code("deu"), language_code("EN"), language_code("und")
    ('ja', 'de', 'de', 'en', None)
    """
    return _TWO_OF.get(code.strip().lower())


def language_codes(code: str) -> tuple[str, ...]:
    """The ISO 639-2 codes of a language given by ISO 639-1, the terminological one first; empty for an unknown one.

    >>> language_codes("de"), language_codes("ja"), language_codes("xx")
    (('deu', 'ger'), ('jpn',), ())
    """
    return _THREE_OF.get(code.strip().lower(), ())


def country_code(code: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country given by alpha-3, in any case; None for what is none.

    >>> country_code("gbr"), country_code("USA"), country_code("???")
    ('GB', 'US', None)
    """
    return _COUNTRY_OF.get(code.strip().lower())
